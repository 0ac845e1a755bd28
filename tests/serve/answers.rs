//! What comes back when all is well.

use serde_json::{Value, json};

use super::{Client, Server, is_built};

/// What is fastest.
const KEEP: [&str; 4] = ["--isolation", "thread", "--reuse", "keep"];

#[test]
fn a_script_is_answered_with_its_result_and_its_times() {
    let Some(server) = Server::quickjs(&[]) else { return };
    let response = server.run("return 1+1");
    assert_eq!(response.status, 200, "{}", response.text);
    assert_eq!(response.header("content-type"), Some("application/json"));
    let body = response.json();
    assert_eq!((&body["ok"], &body["result"], &body["attempts"]), (&json!(true), &json!(2), &json!(1)));
    let times = [&body["service_us"], &body["response_us"]].map(|time| time.as_u64().unwrap());
    assert!(times[0] <= times[1], "{body}");
    let asked =
        json!({ "type": "filter", "code": "return input.a.map(x => x * 2)", "input": { "a": [1, 2] } });
    let body = server.client().post("/execute", &asked.to_string()).json();
    assert_eq!(body["result"], json!([2, 4]));
}

#[test]
fn numbers_and_texts_pass_as_the_guest_wrote_them() {
    let Some(server) = Server::quickjs(&KEEP) else { return };
    for (code, text) in [
        ("return 1e21", "1e+21"),
        ("return -0", "0"),
        ("return '\\ud800'", r#""\ud800""#),
        ("return '\u{e9}'", "\"\u{e9}\""),
        ("return {b: 1, a: 2}", r#"{"b":1,"a":2}"#),
        ("return null", "null"),
    ] {
        let response = server.run(code);
        assert!(response.text.contains(&format!("\"result\":{text},")), "{code}: {}", response.text);
    }
    let input = r#"{"type":"javascript","code":"return typeof input.n + input.s.length","input":{"n":12345678901234567890,"s":"\ud83d\ude00"}}"#;
    assert_eq!(server.client().post("/execute", input).json()["result"], "number2");
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let asked = format!(r#"{{"type":"javascript","code":"return input","input":{deep}}}"#);
    let response = server.client().post("/execute", &asked);
    assert!(response.status == 422 || response.text.contains(&deep), "{}", response.status);
}

#[test]
fn what_the_type_of_the_body_says_beside_json_does_not_matter() {
    let server = Server::fake(&[]);
    let body = r#"{"type":"javascript","code":"return 2"}"#;
    for kind in [
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "application/x-www-form-urlencoded",
    ] {
        let length = body.len();
        let mut client = server.client();
        let head =
            format!("POST /execute HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {length}");
        client.send(format!("{head}\r\nAccept: */*\r\n\r\n{body}").as_bytes()).unwrap();
        assert_eq!(client.receive().unwrap().json()["result"], 2, "{kind}");
    }
}

#[test]
fn workloads_are_run_by_name() {
    let Some(server) = Server::quickjs(&[]) else { return };
    let mut client = server.client();
    let response = client.post("/workloads/seed/one-plus-one", "");
    assert_eq!((response.status, &response.json()["result"]), (200, &json!(2)), "{}", response.text);
    let response = client.post("/workloads/seed/one-plus-on", "");
    assert_eq!(response.verdict(), (404, "not_found".to_owned()));
    assert!(response.text.contains("did you mean `seed/one-plus-one`?"), "{}", response.text);
}

#[test]
fn the_environment_sizes_the_pools() {
    let environment = [("TASK_ACTOR_POOL_SIZE", "3"), ("WORKFLOW_ACTOR_POOL_SIZE", "1")];
    let server = Server::start_in(&environment, &["-e", "fake", "--isolation", "thread"]);
    assert_eq!((&server.said["task_workers"], &server.said["workflow_workers"]), (&json!(3), &json!(1)));
    // One worker: of three filters at once the last waits for the two before it.
    let clients: Vec<Client> = (0..3).map(|_| server.client()).collect();
    let filters: Vec<Value> = std::thread::scope(|scope| {
        let run = |mut client: Client| client.run("filter", "sleep 300ms; return 1").json();
        let running: Vec<_> = clients.into_iter().map(|client| scope.spawn(move || run(client))).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let waited = |body: &Value| body["response_us"].as_u64().unwrap() - body["service_us"].as_u64().unwrap();
    assert!(filters.iter().any(|body| waited(body) >= 500_000), "{filters:?}");
}

#[test]
fn ever_new_scripts_are_answered_and_an_old_one_among_them() {
    let Some(server) = Server::quickjs(&KEEP) else { return };
    let mut client = server.client();
    for n in 0..2_500 {
        let body = client.run("javascript", &format!("return {n}")).json();
        assert_eq!(body["result"], n, "{body}");
        if n % 100 == 0 {
            assert_eq!(client.run("javascript", "return 'old'").json()["result"], "old");
        }
    }
}

#[test]
fn a_guest_finds_nothing_of_the_host() {
    let secret = "jsarena-secret-of-the-environment";
    if !is_built("quickjs") {
        return;
    }
    for isolation in ["thread", "process"] {
        let flags = ["-e", "quickjs", "--isolation", isolation];
        let server = Server::start_in(&[("JSARENA_TEST_SECRET", secret)], &flags);
        let code = "const seen = [];
            for (let o = globalThis; o; o = Object.getPrototypeOf(o)) seen.push(...Object.getOwnPropertyNames(o));
            const host = ['process', 'require', 'Deno', 'Bun', 'std', 'os', 'bjson', 'fetch', 'XMLHttpRequest',
                'WebSocket', 'scriptArgs', 'print', 'load', 'read', 'Worker', 'navigator'];
            return { known: seen.includes('JSON'), host: seen.filter(name => host.includes(name)) };";
        let body = server.run(code).json();
        assert_eq!(body["result"], json!({ "known": true, "host": [] }), "{isolation}");
        for module in ["fs", "node:fs", "os", "std", "qjs:os", "file:///etc/passwd"] {
            let response = server.run(&format!("return (await import('{module}')) ? 'found' : 0"));
            assert_eq!(response.status, 422, "{isolation}, {module}: {}", response.text);
            assert!(!response.text.contains(secret));
        }
    }
}

#[test]
fn the_server_describes_itself() {
    let server = Server::fake(&[]);
    let response = server.client().get("/openapi.json");
    assert_eq!((response.status, &response.json()["openapi"]), (200, &json!("3.1.0")));
    // What the description calls an answer is what comes.
    let description = response.json();
    for (code, schema) in [("return 1", "Answer"), ("throw Error no", "Refusal")] {
        let schema = json!({
            "$ref": format!("#/components/schemas/{schema}"),
            "components": description["components"],
        });
        let validator = jsonschema::validator_for(&schema).unwrap();
        let body = server.run(code).json();
        assert!(validator.is_valid(&body), "{body} is not {schema}");
        assert!(!validator.is_valid(&json!({ "ok": true })), "{schema}");
    }
}
