//! Error codes of the API, and the statuses that go with them.

use serde::{Deserialize, Serialize};

/// What a page learns as `errorCode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum ErrorCode {
    /// 1: the connection cannot be made or was refused.
    Connection,
    /// 2: the subscription was refused or ended.
    Subscription,
    /// 3: the call itself is wrong.
    BadInput,
}

impl ErrorCode {
    /// The code's number.
    pub const fn get(self) -> u8 {
        match self {
            Self::Connection => 1,
            Self::Subscription => 2,
            Self::BadInput => 3,
        }
    }
}

impl From<ErrorCode> for u8 {
    fn from(code: ErrorCode) -> Self {
        code.get()
    }
}

impl TryFrom<u8> for ErrorCode {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        [Self::Connection, Self::Subscription, Self::BadInput]
            .into_iter()
            .find(|code| code.get() == number)
            .ok_or("an error code is 1, 2 or 3")
    }
}

/// Why the relay refuses or ends a subscription: numbers with the meaning that they have in HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub enum Status {
    /// 400: the request is wrong; asking again changes nothing.
    BadInput,
    /// 403: the permissions refuse.
    Forbidden,
    /// 429: too many subscriptions or too many questions at once.
    TooMany,
    /// 503: the permissions could not be asked; ask again later.
    Unavailable,
}

impl Status {
    /// The status's number.
    pub const fn get(self) -> u16 {
        match self {
            Self::BadInput => 400,
            Self::Forbidden => 403,
            Self::TooMany => 429,
            Self::Unavailable => 503,
        }
    }

    /// The API's code for a subscription that is refused with this status.
    pub const fn error_code(self) -> ErrorCode {
        match self {
            Self::BadInput => ErrorCode::BadInput,
            Self::Forbidden | Self::TooMany | Self::Unavailable => ErrorCode::Subscription,
        }
    }
}

impl From<Status> for u16 {
    fn from(status: Status) -> Self {
        status.get()
    }
}

impl TryFrom<u16> for Status {
    type Error = &'static str;

    fn try_from(number: u16) -> Result<Self, Self::Error> {
        [Self::BadInput, Self::Forbidden, Self::TooMany, Self::Unavailable]
            .into_iter()
            .find(|status| status.get() == number)
            .ok_or("a status is 400, 403, 429 or 503")
    }
}
