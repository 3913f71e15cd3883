//! From text to values. Each error says what is right, and the caller adds which setting it was.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use igny8_integration_domain::ports::Rate;
use ipnet::IpNet;

/// The entries of a comma-separated list, without the space around them.
pub fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}

pub fn duration(text: &str) -> anyhow::Result<Duration> {
    const RIGHT: &str = "a duration is a whole number and s, m, h or d, such as 15m";
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).context(RIGHT)?;
    let (number, unit) = text.split_at(unit_at);
    let seconds: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => bail!(RIGHT),
    };
    let number: u64 = number.parse().context(RIGHT)?;
    let total = number.checked_mul(seconds).context(RIGHT)?;
    // A hundred years: beyond it adding to an instant would overflow somewhere.
    ensure!(total <= 100 * 365 * 24 * 60 * 60, "a duration is at most 36500d");
    Ok(Duration::from_secs(total))
}

/// A duration longer than zero, or none for `off`.
pub fn interval(text: &str) -> anyhow::Result<Option<Duration>> {
    if text == "off" {
        return Ok(None);
    }
    let every = duration(text).context("off, or a duration such as 15m")?;
    ensure!(!every.is_zero(), "it must be longer than 0; off switches it off");
    Ok(Some(every))
}

/// `10.0.0.0/8`, or one address.
pub fn range(text: &str) -> anyhow::Result<IpNet> {
    const RIGHT: &str = "a range is an address and a prefix length, such as 10.0.0.0/8";
    match text.parse::<IpNet>() {
        Ok(net) => Ok(net.trunc()),
        Err(_) => Ok(text.parse::<IpAddr>().context(RIGHT)?.into()),
    }
}

/// `120/m`, or none for `off`.
pub fn rate(text: &str) -> anyhow::Result<Option<Rate>> {
    const RIGHT: &str = "a rate is off, or a whole number from 1 and /s, /m, /h or /d, such as 120/m";
    if text == "off" {
        return Ok(None);
    }
    let (requests, unit) = text.split_once('/').context(RIGHT)?;
    let requests = requests.parse().ok().filter(|requests| *requests > 0).context(RIGHT)?;
    anyhow::ensure!(matches!(unit, "s" | "m" | "h" | "d"), RIGHT);
    let window = duration(&format!("1{unit}")).context(RIGHT)?;
    Ok(Some(Rate { requests, window }))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("1s", 1)]
    #[case("15m", 900)]
    #[case("24h", 86_400)]
    #[case("90d", 7_776_000)]
    fn a_duration_is_a_number_and_a_unit(#[case] text: &str, #[case] seconds: u64) -> anyhow::Result<()> {
        assert_eq!(duration(text)?, Duration::from_secs(seconds));
        Ok(())
    }

    #[rstest]
    fn anything_else_is_no_duration(
        #[values("", "15", "m", "1.5h", "-1s", "1 m", "1w", "99999999999999999999d", "99999999999d")]
        text: &str,
    ) {
        assert!(duration(text).is_err(), "{text}");
    }

    #[test]
    fn off_is_no_interval_and_zero_is_an_error() -> anyhow::Result<()> {
        assert_eq!(interval("off")?, None);
        assert_eq!(interval("15m")?, Some(Duration::from_mins(15)));
        assert!(interval("0s").is_err());
        Ok(())
    }

    #[rstest]
    #[case("10.1.2.3/8", "10.0.0.0/8")]
    #[case("127.0.0.1", "127.0.0.1/32")]
    #[case("fd00::/8", "fd00::/8")]
    fn a_range_may_be_one_address(#[case] text: &str, #[case] net: &str) -> anyhow::Result<()> {
        assert_eq!(range(text)?, net.parse::<IpNet>()?);
        Ok(())
    }

    #[rstest]
    fn what_is_no_range_is_refused(#[values("", "localhost", "10.0.0.0/33", "127.0.0.1/32:80")] text: &str) {
        assert!(range(text).is_err(), "{text}");
    }

    #[rstest]
    #[case("120/m", 120, 60)]
    #[case("1/s", 1, 1)]
    fn a_rate_is_a_number_in_a_unit(
        #[case] text: &str,
        #[case] requests: u32,
        #[case] seconds: u64,
    ) -> anyhow::Result<()> {
        assert_eq!(rate(text)?, Some(Rate { requests, window: Duration::from_secs(seconds) }));
        assert_eq!(rate("off")?, None);
        Ok(())
    }

    #[rstest]
    fn anything_else_is_no_rate(#[values("", "120", "0/m", "-1/m", "1/w", "1/", "a/m", "1/5m")] text: &str) {
        assert!(rate(text).is_err(), "{text}");
    }
}
