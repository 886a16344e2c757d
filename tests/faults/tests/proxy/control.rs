//! The program, as tests in other languages use it.

use std::net::SocketAddr;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use crate::ends::{ANYWHERE, end_of, hears, say, soon};

struct Program {
    child: Child,
    proxy: SocketAddr,
    control: SocketAddr,
}

impl Program {
    async fn start(to: SocketAddr) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_faults"))
            .args(["proxy", "--listen", "127.0.0.1:0", "--to", &to.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        soon(output.read_line(&mut line)).await.unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let address = |name: &str| said[name].as_str().unwrap().parse().unwrap();
        Self { child, proxy: address("proxy"), control: address("control") }
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let mut socket = soon(TcpStream::connect(self.control)).await.unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        say(&mut socket, &request).await;
        let mut answer = String::new();
        soon(socket.read_to_string(&mut answer)).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap())
    }
}

#[tokio::test]
async fn the_program_takes_orders_by_http_and_ends_with_its_starter() {
    let server = TcpListener::bind(ANYWHERE).await.unwrap();
    let mut program = Program::start(server.local_addr().unwrap()).await;
    let mut client = soon(TcpStream::connect(program.proxy)).await.unwrap();
    let (mut served, _) = soon(server.accept()).await.unwrap();

    assert_eq!(
        program.ask("POST", "/fault", r#"{"kind":"stall","direction":"both"}"#).await,
        (200, json!({}))
    );
    say(&mut client, "later").await;
    assert_eq!(program.ask("GET", "/state", "").await.1["bytesUp"], 0);
    assert_eq!(program.ask("POST", "/heal", "").await.0, 200);
    hears(&mut served, "later").await;
    let (status, state) = program.ask("GET", "/state", "").await;
    assert_eq!(
        (status, &state["accepted"], &state["open"], &state["bytesUp"]),
        (200, &json!(1), &json!(1), &json!(5))
    );
    assert_eq!(state["arrivalsMs"].as_array().unwrap().len(), 1);

    program.ask("POST", "/fault", r#"{"kind":"cut"}"#).await;
    assert!(end_of(&mut client).await.is_err());

    drop(program.child.stdin.take());
    assert!(soon(program.child.wait()).await.unwrap().success());
}

#[tokio::test]
async fn new_connections_are_led_where_the_control_port_says() {
    let (first, second) =
        (TcpListener::bind(ANYWHERE).await.unwrap(), TcpListener::bind(ANYWHERE).await.unwrap());
    let program = Program::start(first.local_addr().unwrap()).await;
    let to = json!({ "to": second.local_addr().unwrap() }).to_string();
    assert_eq!(program.ask("POST", "/to", &to).await.0, 200);
    let mut client = soon(TcpStream::connect(program.proxy)).await.unwrap();
    let (mut served, _) = soon(second.accept()).await.unwrap();
    soon(served.write_all(b"here")).await.unwrap();
    hears(&mut client, "here").await;
}

#[tokio::test]
async fn an_order_that_is_not_right_is_refused_with_what_would_be() {
    let program = Program::start("127.0.0.1:9".parse().unwrap()).await;
    for (method, path, body, why) in [
        ("POST", "/fault", r#"{"kind":"flood"}"#, "black-hole"),
        ("POST", "/fault", r#"{"kind":"delay"}"#, "ms"),
        ("POST", "/to", r#"{"to":"nowhere"}"#, "address"),
        ("GET", "/fault", "", "POST /fault"),
    ] {
        let (status, answer) = program.ask(method, path, body).await;
        let error = answer["error"].as_str().unwrap();
        assert_eq!(status, 400, "{path} {body}");
        assert!(error.contains(why), "{error}");
    }
}
