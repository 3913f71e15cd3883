//! An address where nobody listens, held so that no other test's server comes up there meanwhile.

use std::net::SocketAddr;

use tokio::net::TcpSocket;

pub struct DeadPort {
    pub address: SocketAddr,
    /// Bound and not listening: whoever connects is refused. Only a server that is given this very address can come up
    /// there; one that asks for any free port never gets it.
    _held: TcpSocket,
}

impl DeadPort {
    pub fn hold() -> anyhow::Result<Self> {
        let held = TcpSocket::new_v4()?;
        held.set_reuseaddr(true)?;
        held.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        Ok(Self { address: held.local_addr()?, _held: held })
    }
}
