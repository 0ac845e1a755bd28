//! How a server ends.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::{Server, eventually, is_built};

fn ends_well_at(signal: Signal) {
    let mut server = Server::fake(&["--task-workers", "1"]);
    // One runs and two wait.
    let clients: Vec<_> = (0..3).map(|_| server.client()).collect();
    let mut idle = server.client();
    assert_eq!(idle.run("javascript", "return 1").status, 200);
    thread::scope(|scope| {
        let running: Vec<_> = clients
            .into_iter()
            .map(|mut client| scope.spawn(move || client.run("javascript", "sleep 300ms; return 7")))
            .collect();
        eventually("all are under way", || server.under_way() == 3);
        server.signal(signal);
        let address = server.said["listen"].as_str().unwrap();
        eventually("it accepts no more", || {
            TcpStream::connect(address).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
        });
        for running in running {
            let response = running.join().unwrap();
            assert_eq!(response.json()["result"], 7, "{}", response.text);
        }
    });
    assert!(idle.exchange("POST", "/execute", "{}").is_err(), "a connection without a request is closed");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn what_has_come_in_is_answered_at_a_sigterm() {
    ends_well_at(Signal::SIGTERM);
}

#[test]
fn what_has_come_in_is_answered_at_a_sigint() {
    ends_well_at(Signal::SIGINT);
}

#[test]
fn jobs_that_still_wait_when_the_grace_is_over_are_answered_too() {
    let mut server = Server::fake(&["--task-workers", "1", "--grace", "0s"]);
    let clients: Vec<_> = (0..3).map(|_| server.client()).collect();
    thread::scope(|scope| {
        let running: Vec<_> = clients
            .into_iter()
            .map(|mut client| scope.spawn(move || client.run("javascript", "sleep 500ms; return 7")))
            .collect();
        eventually("all are under way", || server.under_way() == 3);
        server.signal(Signal::SIGTERM);
        let mut statuses: Vec<_> = running.into_iter().map(|one| one.join().unwrap().verdict()).collect();
        statuses.sort();
        let draining = (503, "draining".to_owned());
        assert_eq!(statuses, [(200, String::new()), draining.clone(), draining]);
    });
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn an_answer_that_is_on_its_way_arrives_whole() {
    // More than sockets hold: the server still has most of it.
    let mut server = Server::fake(&["--body-limit", "64MiB"]);
    let mut client = TcpStream::connect(server.said["listen"].as_str().unwrap()).unwrap();
    let text = "x".repeat(48 << 20);
    let body = format!(r#"{{"type":"javascript","code":"echo","input":"{text}"}}"#);
    let head = format!("POST /execute HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
    client.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = vec![0; 1000];
    client.read_exact(&mut answer).unwrap();
    server.signal(Signal::SIGTERM);
    let address = server.said["listen"].as_str().unwrap();
    eventually("it has heard it", || TcpStream::connect(address).is_err());
    thread::sleep(Duration::from_millis(100));
    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    client.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let body: serde_json::Value = serde_json::from_str(body).expect("nothing is missing");
    assert_eq!(body["result"], text);
    drop(client);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn the_second_signal_ends_it_at_once() {
    let mut server = Server::fake(&[]);
    let mut client = server.client();
    thread::scope(|scope| {
        let running = scope.spawn(move || {
            client.exchange("POST", "/execute", r#"{"type":"javascript","code":"sleep 20s"}"#)
        });
        eventually("it is under way", || server.under_way() == 1);
        server.signal(Signal::SIGTERM);
        let address = server.said["listen"].as_str().unwrap();
        eventually("it has heard the first one", || TcpStream::connect(address).is_err());
        server.signal(Signal::SIGTERM);
        assert!(running.join().unwrap().is_err());
    });
    use std::os::unix::process::ExitStatusExt;
    assert_eq!(server.wait().signal(), Some(Signal::SIGTERM as i32));
}

#[test]
fn what_cannot_be_served_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let jsarena = |flags: &[&str]| {
        let output =
            assert_cmd::Command::cargo_bin("jsarena").unwrap().arg("serve").args(flags).output().unwrap();
        assert!(output.stdout.is_empty());
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = jsarena(&["-e", "fake", "--listen", &address]);
    assert!(code == Some(3) && said.contains(&format!("cannot listen at {address}")), "{code:?} {said}");
    let (code, said) = jsarena(&["-e", "fake", "--admin", "0.0.0.0:0"]);
    assert!(code == Some(2) && said.contains("admin: other machines"), "{code:?} {said}");
    if is_built("quickjs") {
        let no_heap = ["-e", "quickjs", "--isolation", "thread", "--memory", "1B", "--listen", "127.0.0.1:0"];
        let (code, said) = jsarena(&no_heap);
        assert!(code == Some(3) && said.contains("tasks: engine error"), "{code:?} {said}");
    }
}
