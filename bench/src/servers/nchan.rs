//! Nchan: nginx with a module for channels. A subscriber's path names its channel, a publish is a request for each
//! message.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;
use std::{fs, io};

use crate::check::fault::Fault;
use crate::check::ledger::Delivered;
use crate::check::track::Messages;
use crate::error::BenchError;
use crate::servers::lines::channel_name;
use crate::servers::server::{Dialect, Heard, Outgoing, Server};
use crate::wire::http;
use crate::wire::payload::Payload;

/// nginx with its module, unpacked into a folder as Debian packs them.
#[derive(Debug, Clone)]
pub struct Nchan {
    root: PathBuf,
    work: PathBuf,
    address: SocketAddr,
}

impl Nchan {
    /// The one below `root`, with its settings and temporary files in `work`.
    ///
    /// # Errors
    /// When the settings cannot be written or no port is free.
    pub fn new(root: PathBuf, work: PathBuf) -> Result<Self, BenchError> {
        let address = free_address().map_err(BenchError::system("find a free port for nginx"))?;
        let nchan = Self { root, work, address };
        fs::create_dir_all(&nchan.work)
            .and_then(|()| fs::write(nchan.work.join("nginx.conf"), nchan.settings()))
            .map_err(BenchError::system("write the settings of nginx"))?;
        Ok(nchan)
    }

    fn settings(&self) -> String {
        let module = self.root.join("usr/lib/nginx/modules/ngx_nchan_module.so");
        let mut text = format!(
            "daemon off;\nmaster_process off;\nworker_rlimit_nofile 65536;\nerror_log stderr crit;\npid nginx.pid;\n\
             load_module {};\nevents {{ worker_connections 65000; }}\nhttp {{\n  access_log off;\n  \
             keepalive_requests 100000000;\n",
            module.display()
        );
        for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
            let _ = writeln!(text, "  {kind}_temp_path {kind};");
        }
        let _ = writeln!(
            text,
            "  server {{\n    listen {} backlog=4096;\n    location /pub {{\n      nchan_publisher;\n      \
             nchan_channel_id $arg_id;\n      nchan_message_buffer_length 1000;\n      \
             nchan_message_timeout 5m;\n    }}\n    location /sub {{\n      nchan_subscriber websocket;\n      \
             nchan_channel_id $arg_id;\n      nchan_subscriber_first_message newest;\n    }}\n  }}\n}}",
            self.address
        );
        text
    }
}

/// Somebody else may take it until the server does, which is told then.
pub(super) fn free_address() -> io::Result<SocketAddr> {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

impl Server for Nchan {
    fn name(&self) -> &'static str {
        "Nchan"
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.root.join("usr/sbin/nginx"));
        command.args(["-c", "nginx.conf", "-p"]).arg(&self.work);
        command
    }

    fn address(&self) -> Option<SocketAddr> {
        Some(self.address)
    }

    fn dialect(&self, payload: Payload) -> Box<dyn Dialect> {
        Box::new(NchanDialect { payload })
    }
}

struct NchanDialect {
    payload: Payload,
}

impl Messages for NchanDialect {
    fn messages(
        &self,
        body: &[u8],
        each: &mut dyn FnMut(Delivered) -> Result<(), Fault>,
    ) -> Result<bool, Fault> {
        match self.payload.read(body) {
            Some((number, [])) => each(Delivered { number, offset: None }).map(|()| true),
            _ => Err(Fault::garbled(body)),
        }
    }
}

impl Dialect for NchanDialect {
    fn path(&self, channel: usize) -> String {
        format!("/sub?id={}", channel_name(channel))
    }

    fn sub_protocol(&self) -> Option<&'static str> {
        None
    }

    fn opening(&self, _channel: usize) -> Vec<String> {
        Vec::new()
    }

    fn heard(&self, text: &[u8], _channel: usize) -> Heard {
        Heard::Refused(format!("an unknown message: {}", String::from_utf8_lossy(text)))
    }

    fn publish(&self, messages: &[Outgoing], out: &mut Vec<u8>) -> usize {
        let mut body = Vec::with_capacity(self.payload.bytes());
        for message in messages {
            body.clear();
            self.payload.write(message.number, &mut body);
            http::push_post(out, &format!("/pub?id={}", channel_name(message.channel)), "", &body);
        }
        messages.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publish_is_a_request_for_each_message() {
        let dialect = NchanDialect { payload: Payload::of_bytes(12) };
        let messages = [Outgoing { channel: 4, number: 17 }, Outgoing { channel: 5, number: 18 }];
        let mut bytes = Vec::new();
        assert_eq!(dialect.publish(&messages, &mut bytes), 2);
        let first = http::first(&bytes).unwrap();
        assert!(first.head.starts_with(b"POST /pub?id=c4 HTTP/1.1\r\n"));
        assert_eq!(first.body, b"\"00000017:a\"");
        assert!(http::first(&bytes[first.bytes..]).unwrap().head.starts_with(b"POST /pub?id=c5 "));
    }
}
