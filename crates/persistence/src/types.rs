//! SQL types that both databases have: instants and JSON.

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::query_builder::QueryId;
use diesel::sql_types::SqlType;
use igny8_integration_domain::ports::storage::StorageError;
use igny8_integration_domain::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// An instant in UTC to the microsecond: `timestamptz`, or RFC 3339 text of one width, which sorts as it should.
#[derive(Debug, Clone, Copy, SqlType, QueryId)]
#[cfg_attr(feature = "postgres", diesel(postgres_type(oid = 1184, array_oid = 1185)))]
#[cfg_attr(feature = "sqlite", diesel(sqlite_type(name = "Text")))]
pub struct Instant;

/// JSON as it was written: `json`, or text.
#[derive(Debug, Clone, Copy, SqlType, QueryId)]
#[cfg_attr(feature = "postgres", diesel(postgres_type(oid = 114, array_oid = 199)))]
#[cfg_attr(feature = "sqlite", diesel(sqlite_type(name = "Text")))]
pub struct Json;

/// An instant as a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Instant)]
pub struct At(pub DateTime<Utc>);

impl At {
    /// An instant that may be absent.
    pub fn maybe(at: Option<Timestamp>) -> Option<Self> {
        at.map(Self)
    }
}

/// JSON as a value: its text.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Json)]
pub struct JsonText(pub String);

impl JsonText {
    /// The text of `value`.
    pub fn of<T: Serialize>(value: &T) -> Result<Self, StorageError> {
        serde_json::to_string(value)
            .map(Self)
            .context("a value could not be written as JSON")
            .map_err(StorageError::Other)
    }

    /// The text of a value that may be absent.
    pub fn maybe<T: Serialize>(value: Option<&T>) -> Result<Option<Self>, StorageError> {
        value.map(Self::of).transpose()
    }

    /// What the text says; `place` names the column where it says nothing that can be.
    pub fn read<T: DeserializeOwned>(&self, place: &'static str) -> Result<T, StorageError> {
        serde_json::from_str(&self.0).map_err(|error| StorageError::Corrupt(format!("{place}: {error}")))
    }

    /// What the text says, where there is one.
    pub fn read_maybe<T: DeserializeOwned>(
        text: Option<&Self>,
        place: &'static str,
    ) -> Result<Option<T>, StorageError> {
        text.map(|text| text.read(place)).transpose()
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use chrono::{DateTime, Datelike as _, Utc};
    use diesel::backend::Backend;
    use diesel::deserialize::{self, FromSql};
    use diesel::serialize::{self, IsNull, Output, ToSql};
    use diesel::sql_types::Text;
    use diesel::sqlite::Sqlite;

    use super::{At, Instant, Json, JsonText};

    impl ToSql<Instant, Sqlite> for At {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
            if !(0..=9999).contains(&self.0.year()) {
                return Err("an instant outside the years 0 to 9999 has no text of the one width".into());
            }
            out.set_value(self.0.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string());
            Ok(IsNull::No)
        }
    }

    impl FromSql<Instant, Sqlite> for At {
        fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
            let text = <String as FromSql<Text, Sqlite>>::from_sql(value)?;
            Ok(Self(DateTime::parse_from_rfc3339(&text)?.with_timezone(&Utc)))
        }
    }

    impl ToSql<Json, Sqlite> for JsonText {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
            <String as ToSql<Text, Sqlite>>::to_sql(&self.0, out)
        }
    }

    impl FromSql<Json, Sqlite> for JsonText {
        fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
            <String as FromSql<Text, Sqlite>>::from_sql(value).map(Self)
        }
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use diesel::backend::Backend;
    use diesel::deserialize::{self, FromSql};
    use diesel::pg::Pg;
    use diesel::serialize::{self, Output, ToSql};
    use diesel::sql_types::{Text, Timestamptz};
    use igny8_integration_domain::time::{Timestamp, to_stored};

    use super::{At, Instant, Json, JsonText};

    impl ToSql<Instant, Pg> for At {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
            <Timestamp as ToSql<Timestamptz, Pg>>::to_sql(&to_stored(self.0), &mut out.reborrow())
        }
    }

    impl FromSql<Instant, Pg> for At {
        fn from_sql(value: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
            <Timestamp as FromSql<Timestamptz, Pg>>::from_sql(value).map(Self)
        }
    }

    impl ToSql<Json, Pg> for JsonText {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
            <String as ToSql<Text, Pg>>::to_sql(&self.0, out)
        }
    }

    impl FromSql<Json, Pg> for JsonText {
        fn from_sql(value: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
            <String as FromSql<Text, Pg>>::from_sql(value).map(Self)
        }
    }
}
