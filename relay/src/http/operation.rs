//! What the relay can be asked over HTTP: one entry for each address, and nothing else.

use http::Method;

use crate::http::problem::{Code, Problem};

/// What an address does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// The WebSocket's door.
    Realtime,
    /// One message.
    Publish,
    /// Several messages.
    PublishBatch,
    /// Running subscriptions are asked about again.
    Recheck,
    /// Why somebody may read a channel, or not.
    Explain,
    /// A user's connections end.
    Disconnect,
    /// Whether the relay runs.
    Health,
    /// Whether it is ready for more.
    Ready,
    /// What it counts.
    Metrics,
    /// This API's contract.
    Contract,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 10] = [
        Self::Realtime,
        Self::Publish,
        Self::PublishBatch,
        Self::Recheck,
        Self::Explain,
        Self::Disconnect,
        Self::Health,
        Self::Ready,
        Self::Metrics,
        Self::Contract,
    ];

    /// Its name, its address, and the methods that it takes as `Allow` lists them.
    const fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Realtime => ("realtime", "/v1/realtime", "GET"),
            Self::Publish => ("publish", "/v1/publish", "POST"),
            Self::PublishBatch => ("publish_batch", "/v1/publish/batch", "POST"),
            Self::Recheck => ("recheck", "/v1/permissions/recheck", "POST"),
            Self::Explain => ("explain", "/v1/permissions/explain", "POST"),
            Self::Disconnect => ("disconnect", "/v1/disconnect", "POST"),
            Self::Health => ("health", "/healthz", "GET, HEAD"),
            Self::Ready => ("ready", "/readyz", "GET, HEAD"),
            Self::Metrics => ("metrics", "/metrics", "GET, HEAD"),
            Self::Contract => ("contract", "/v1/openapi.yaml", "GET, HEAD"),
        }
    }

    /// Its name, in what is counted.
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    /// Its address.
    pub const fn path(self) -> &'static str {
        self.row().1
    }

    /// The methods that it takes, as `Allow` lists them.
    pub const fn methods(self) -> &'static str {
        self.row().2
    }

    /// Whether it is there for operators, and at an address of their own.
    pub const fn is_for_operators(self) -> bool {
        matches!(self, Self::Health | Self::Ready | Self::Metrics)
    }

    /// What is at an address.
    pub fn at(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.path() == path)
    }

    /// Checks a request's method.
    ///
    /// # Errors
    /// 405, with the methods that are allowed.
    pub fn check(self, method: &Method) -> Result<(), Problem> {
        let methods = self.methods();
        if methods.split(", ").any(|allowed| allowed == method.as_str()) {
            return Ok(());
        }
        let detail = format!("{} takes {methods} and not this method", self.path());
        Err(Problem::new(Code::MethodNotAllowed, detail).allow(methods))
    }
}

/// The problem of an address at which nothing is, with those at which something is.
pub fn nothing_here(is_here: impl Fn(Operation) -> bool) -> Problem {
    let here = Operation::ALL.into_iter().filter(|operation| is_here(*operation));
    let here: Vec<_> =
        here.map(|operation| format!("{} {}", operation.methods(), operation.path())).collect();
    Problem::new(Code::NotFound, format!("this relay has {}", here.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_as_it_is_written_and_no_other() {
        for operation in Operation::ALL {
            assert_eq!(Operation::at(operation.path()), Some(operation));
        }
        for path in ["/v1/publish/", "/V1/publish", "/v1//publish", "/v1/publish%2fbatch", ""] {
            assert_eq!(Operation::at(path), None, "{path}");
        }
    }

    #[test]
    fn a_method_that_is_not_allowed_is_told_which_are() {
        assert!(Operation::Health.check(&Method::HEAD).is_ok());
        let problem = Operation::Publish.check(&Method::OPTIONS).unwrap_err();
        assert_eq!(
            problem,
            Problem::new(problem.code(), "/v1/publish takes POST and not this method").allow("POST")
        );
    }
}
