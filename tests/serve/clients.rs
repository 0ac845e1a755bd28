//! Clients as they come: too much, too slow, gone.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use super::{Server, eventually};

#[test]
fn a_body_that_is_too_long_is_answered_and_the_connection_goes_on() {
    let server = Server::fake(&[]);
    for length in [(1 << 20) + 1, 10 << 20] {
        let mut client = server.client();
        let body = format!(r#"{{"type":"javascript","code":"{}"}}"#, " ".repeat(length));
        let response = client.post("/execute", &body);
        assert_eq!(response.verdict(), (413, "body_too_large".to_owned()));
        assert_eq!(client.run("javascript", "return 2").json()["result"], 2);
        // In pieces, without a word of how much there will be.
        client.send(b"POST /execute HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n").unwrap();
        for piece in body.as_bytes().chunks(100_000) {
            client.send(format!("{:x}\r\n", piece.len()).as_bytes()).unwrap();
            client.send(piece).unwrap();
            client.send(b"\r\n").unwrap();
        }
        client.send(b"0\r\n\r\n").unwrap();
        assert_eq!(client.receive().unwrap().status, 413);
    }
    let mut client = server.client();
    let head =
        "POST /execute HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 99000000000\r\n\r\n";
    client.send(head.as_bytes()).unwrap();
    assert_eq!(client.receive().unwrap().status, 413, "without the leave to send it");
    assert_eq!(server.run("return 2").status, 200);
    let limited = Server::fake(&["--body-limit", "64B"]);
    assert_eq!(limited.run("return 2").status, 200);
    assert_eq!(limited.run(&format!("return 2{}", " ".repeat(64))).status, 413);
}

/// Who keeps the connection must find it open, or be told.
#[test]
fn a_refusal_reaches_whoever_is_still_sending_and_the_connection_goes_on() {
    let server = Server::fake(&[]);
    let body = " ".repeat(10 << 20);
    let length = body.len();
    let mut client = server.client();
    for (line, status) in [
        ("POST /nowhere", 404),
        ("PUT /execute", 405),
        ("POST /workloads/none", 413),
        ("GET /healthz", 200),
        ("POST /execute HTTP/1.1\r\ncontent-type: text/html\r\nx-rest:", 415),
    ] {
        for part in [0, 100, length] {
            let head = format!("{line} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
            client.send(head.as_bytes()).unwrap();
            client.send(&body.as_bytes()[..part]).unwrap();
            // The server has seen what there is before the rest comes.
            assert_eq!(server.run("return 2").status, 200);
            client.send(&body.as_bytes()[part..]).unwrap();
            let response = client.receive().unwrap();
            assert_eq!((response.status, response.header("connection")), (status, None), "{line}");
        }
    }
    assert_eq!(client.run("javascript", "return 2").json()["result"], 2);
}

#[test]
fn a_connection_that_ends_with_an_answer_says_so_and_the_answer_arrives() {
    let server = Server::fake(&["--read-timeout", "1s"]);
    // It announces more than anybody would read, does not come to an end, or does not wait to be asked.
    for (line, length, status) in [
        ("POST /nowhere", "content-length: 99000000000", 404),
        ("POST /nowhere", "content-length: 1000", 404),
        ("POST /execute", "content-length: 1000", 408),
        ("POST /execute", "content-length: 99000000\r\nexpect: 100-continue", 413),
    ] {
        let mut client = server.client();
        client.send(format!("{line} HTTP/1.1\r\nhost: x\r\n{length}\r\n\r\n").as_bytes()).unwrap();
        client.send(b"          ").unwrap();
        let response = client.receive().unwrap();
        assert_eq!(
            (response.status, response.header("connection")),
            (status, Some("close")),
            "{line} {length}"
        );
        // What comes too late takes nothing away, and the end of the connection is clean.
        client.send(b"          ").unwrap();
        assert_eq!(
            client.receive().unwrap_err().kind(),
            std::io::ErrorKind::UnexpectedEof,
            "{line} {length}"
        );
    }
    // No request at all, and far more of it than is looked at.
    let mut client = server.client();
    client.send(&b"no request at all\r\n\r\n".repeat(100_000)).unwrap();
    assert_eq!(client.receive().unwrap().status, 400);
}

#[test]
fn who_is_slow_is_not_waited_for_and_holds_nobody_up() {
    let server = Server::fake(&["--read-timeout", "1s"]);
    let mut slow_body = server.client();
    slow_body.send(b"POST /execute HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{").unwrap();
    let mut slow_header = server.client();
    slow_header.send(b"POST /execute HTTP/1.1\r\nhost: x\r\ncontent-").unwrap();
    // A byte now and then does not help.
    let mut dripping = server.client();
    dripping.send(b"POST /execute HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n").unwrap();
    let drops = thread::spawn(move || {
        for _ in 0..1000 {
            if dripping.send(b" ").is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        dripping.receive().ok().map(|response| response.status)
    });
    assert_eq!(server.run("return 2").status, 200, "others are served meanwhile");
    assert_eq!(slow_body.receive().unwrap().verdict(), (408, "slow_request".to_owned()));
    assert!(slow_header.receive().is_err(), "the connection is closed");
    // Nor is who has been answered before.
    let mut slow_later = server.client();
    assert_eq!(slow_later.run("javascript", "return 2").status, 200);
    slow_later.send(b"POST /execute HTTP/1.1\r\nhost: x\r\ncontent-").unwrap();
    assert!(slow_later.receive().is_err(), "the connection is closed");
    // It goes on for longer than anybody listens to it, and then may have lost the answer.
    assert!(drops.join().unwrap().is_none_or(|status| status == 408));
    assert_eq!(server.run("return 2").status, 200);
}

#[test]
fn a_kept_connection_that_is_idle_is_closed() {
    let server = Server::fake(&["--read-timeout", "1s"]);
    let mut client = server.client();
    assert_eq!(client.run("javascript", "sleep 1500ms; return 2").status, 200, "a job is no idleness");
    assert!(client.receive().is_err(), "it is closed, and nothing is sent");
}

#[test]
fn headers_without_end_are_refused() {
    let server = Server::fake(&[]);
    let mut client = server.client();
    client.send(b"GET /healthz HTTP/1.1\r\nhost: x\r\n").unwrap();
    let long = format!("x-long: {}\r\n", "y".repeat(8_000));
    while client.send(long.as_bytes()).is_ok() {}
    let mut client = server.client();
    let many: String = (0..500).map(|n| format!("x-{n}: y\r\n")).collect();
    let _ = client.send(format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{many}\r\n").as_bytes());
    assert_eq!(client.receive().unwrap().status, 431);
    assert_eq!(server.run("return 2").status, 200);
}

#[test]
fn a_connection_beyond_the_cap_takes_the_place_of_the_one_that_is_idle_for_longest() {
    // Idle is who has done nothing for one or two thirty-seconds of that time; by itself nobody is closed before it.
    let server = Server::fake(&["--connections", "2", "--read-timeout", "90s"]);
    let [mut first, mut second] = [server.client(), server.client()];
    for client in [&mut first, &mut second] {
        assert_eq!(client.run("javascript", "return 1").status, 200);
    }
    thread::scope(|scope| {
        let works = scope.spawn(|| first.run("javascript", "sleep 8s; return 1"));
        eventually("it is under way", || server.under_way() == 1);
        let mut newcomer = server.client();
        assert_eq!(newcomer.run("javascript", "return 2").json()["result"], 2);
        assert!(second.receive().is_err(), "who was idle had to go");
        assert_eq!(works.join().unwrap().json()["result"], 1, "and who worked had not");
        assert_eq!(newcomer.run("javascript", "return 3").json()["result"], 3);
    });
}

#[test]
fn connections_beyond_the_cap_wait_while_all_the_others_work() {
    let server = Server::fake(&["--connections", "2", "--task-workers", "2"]);
    thread::scope(|scope| {
        let working: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| server.client().run("javascript", "sleep 2s; return 1").status))
            .collect();
        eventually("both are under way", || server.under_way() == 2);
        let mut waiting = TcpStream::connect(server.said["listen"].as_str().unwrap()).unwrap();
        let body = r#"{"type":"javascript","code":"return 3"}"#;
        let length = body.len();
        let head = format!(
            "POST /execute HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        waiting.write_all(format!("{head}{body}").as_bytes()).unwrap();
        waiting.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        assert!(waiting.read(&mut [0]).is_err(), "there is no place yet");
        waiting.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut answer = String::new();
        waiting.read_to_string(&mut answer).unwrap();
        assert!(answer.contains(r#""result":3"#), "{answer}");
        assert!(working.into_iter().all(|client| client.join().unwrap() == 200));
    });
}

#[test]
fn who_says_that_no_more_will_come_gets_the_answer() {
    let server = Server::fake(&[]);
    let mut client = TcpStream::connect(server.said["listen"].as_str().unwrap()).unwrap();
    let body = r#"{"type":"javascript","code":"sleep 100ms; return 3"}"#;
    let head = format!("POST /execute HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
    client.write_all(format!("{head}{body}").as_bytes()).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.contains(r#""result":3"#), "{answer}");
}

#[test]
fn who_does_not_read_loses_the_connection() {
    let server = Server::fake(&["--connections", "1", "--read-timeout", "1s"]);
    let mut greedy = TcpStream::connect(server.said["listen"].as_str().unwrap()).unwrap();
    let body = format!(r#"{{"type":"javascript","code":"echo","input":"{}"}}"#, "x".repeat(900_000));
    let request =
        format!("POST /execute HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    greedy.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    // It asks and asks, and takes none of the answers, until the server has had enough of it.
    while greedy.write_all(request.as_bytes()).is_ok() {}
    assert_eq!(server.run("return 2").status, 200);
}

#[test]
fn what_is_no_http_is_no_trouble() {
    let server = Server::fake(&[]);
    for noise in
        [&b"\x16\x03\x01\x02\x00\x01"[..], b"\0\0\0\0", b"GET\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        let mut client = server.client();
        client.send(noise).unwrap();
        let _ = client.receive();
    }
    for _ in 0..50 {
        drop(server.client());
    }
    assert_eq!(server.run("return 2").json()["result"], 2);
}
