//! The endpoint over a real socket: what is refused before GraphQL, and how answers look.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{app::run_on, engine::Engine};

/// A 4xx in the form of every error; its code.
fn refused(status: reqwest::StatusCode, text: &str, what: &str) -> String {
    assert!(status.is_client_error(), "{what}: {status}: {text}");
    let body: Value =
        serde_json::from_str(text).unwrap_or_else(|why| panic!("{what}: {why}: {text}"));
    let error = &body["errors"][0];
    assert!(!error["message"].as_str().unwrap_or_default().is_empty(), "{what}: {text}");
    assert!(error["extensions"]["requestId"].is_string(), "{what}: {text}");
    assert!(body.get("data").is_none(), "{what}: {text}");
    error["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{what}: {text}")).to_owned()
}

on_every_engine! {
    async fn http_is_spoken_to_the_letter(app: &TestApp) {
        let client = app.register("meera").await;
        // A mutation over GET, and a query over it.
        let response = client.get().query(&[("query", "mutation { logout { __typename } }")]).send().await.unwrap();
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()["allow"], "POST");
        let response = client.get().query(&[("query", "{ __typename }")]).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.headers().contains_key("x-request-id"));
        // Fields are answered in the order in which they were asked.
        let response = client.get().query(&[("query", "{ b: __typename a: __typename }")]).send().await.unwrap();
        let text = response.text().await.unwrap();
        assert!(text.starts_with(r#"{"data":{"b":"Query","a":"Query"}"#), "{text}");

        for content in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=latin1"] {
            let body = json!({ "query": "{ __typename }" }).to_string();
            let response = client.post().header("content-type", content).body(body).send().await.unwrap();
            assert_eq!(response.status(), 415, "{content}");
            let text = response.text().await.unwrap();
            assert_eq!(refused(reqwest::StatusCode::UNSUPPORTED_MEDIA_TYPE, &text, content), "BAD_USER_INPUT");
            for allowed in ["application/json", "application/graphql-response+json"] {
                assert!(text.contains(allowed), "{text}");
            }
        }
        let body = json!({ "query": "{ __typename }" }).to_string();
        let response = client.post().header("content-type", "application/graphql-response+json")
            .body(body).send().await.unwrap();
        assert_eq!(response.status(), 200);

        let is_json = |body: String| client.post().header("content-type", "application/json").body(body);
        for body in [
            "{", "[]", "1", "null", "\"\"", "{}", r#"{"query":1}"#, r#"{"query":""}"#,
            r#"{"query":"{a","variables":[]}"#, r#"{"query":"{__typename}","operationName":3}"#,
        ] {
            let response = is_json(body.to_owned()).send().await.unwrap();
            assert_eq!(response.status(), 400, "{body}");
        }
        for length in [1, 2, 100, 10_000, 1_000_000, 1_048_576] {
            let response = is_json("[".repeat(length)).send().await.unwrap();
            assert_eq!(response.status(), 400, "{length}");
        }
        let beyond = is_json(" ".repeat(1_048_577)).send().await.unwrap();
        assert_eq!(beyond.status(), 413);
        let text = beyond.text().await.unwrap();
        assert_eq!(refused(reqwest::StatusCode::PAYLOAD_TOO_LARGE, &text, "413"), "BAD_USER_INPUT");

        // Caches are told that the answer depends on what was accepted.
        let vary = client.get().query(&[("query", "{ __typename }")]).send().await.unwrap();
        let vary: Vec<_> =
            vary.headers().get_all("vary").iter().map(|one| one.to_str().unwrap()).collect();
        let names: Vec<_> = vary.iter().flat_map(|one| one.split(',')).map(str::trim).collect();
        assert!(names.contains(&"accept") && names.contains(&"accept-encoding"), "{vary:?}");

        // The media type decides whether a request error shows in the status.
        for (accept, query, status) in [
            ("application/json", "{ nothing }", 200),
            ("application/json", "{ me { name } }", 200),
            ("application/graphql-response+json", "{ nothing }", 400),
            ("application/graphql-response+json", "{ me { name } }", 200),
            ("application/json;q=0, */*", "{ nothing }", 400),
            ("text/html", "{ __typename }", 406),
        ] {
            let response = client
                .post().header("accept", accept).json(&json!({ "query": query })).send().await.unwrap();
            assert_eq!(response.status(), status, "{accept} {query}");
        }
        // Several lines of one header are one list.
        let response = client.post()
            .header("accept", "text/html").header("accept", "application/graphql-response+json")
            .json(&json!({ "query": "{ nothing }" })).send().await.unwrap();
        assert_eq!(response.status(), 400);
    }

    async fn bombs_are_refused_before_they_go_off(app: &TestApp) {
        let client = app.register("meera").await;
        let deep = |open: &str, close: &str| format!("{}{}", open.repeat(20_000), close.repeat(20_000));
        let aliases: String = (0..1_000).map(|index| format!("a{index}: __typename ")).collect();
        let fragments: String = (0..40)
            .map(|index| format!("fragment f{index} on Query {{ ...f{0} ...f{0} }} ", index + 1))
            .collect();
        let fields = "id code name nature level normalSide statement isHidden isSystem origin version";
        let tree = format!("{fields} children {{ ").repeat(6);
        let costly =
            format!("{{ accountGroups(first: 100) {{ nodes {{ {tree} id {} }} }} }}", "} ".repeat(6));
        for query in [
            deep("{a", "}"),
            format!("{{ a(b: {}) }}", deep("[", "]")),
            format!("{{ a(b: {}) }}", deep("{c:", "}")),
            format!("query($a: {}Int{}) {{ a }}", "[".repeat(20_000), "]".repeat(20_000)),
            format!("{{ {aliases} }}"),
            format!("{{ ...f0 }} {fragments} fragment f40 on Query {{ __typename }}"),
            costly,
        ] {
            let answer = client.query(&query).await;
            assert!(["QUERY_TOO_COMPLEX", "BAD_USER_INPUT"].contains(&answer.code()), "{}", answer.body);
            assert!(answer.body["data"].is_null());
        }
        let nested = format!(r#"{{"query":"{{__typename}}","variables":{{"a":{}}}}}"#, deep("[", "]"));
        let response = client.post().header("content-type", "application/json").body(nested).send().await.unwrap();
        assert_eq!(response.status(), 400);
        let text = response.text().await.unwrap();
        assert_eq!(refused(reqwest::StatusCode::BAD_REQUEST, &text, "nested"), "BAD_USER_INPUT");

        let one = json!({ "query": "{ __typename }" });
        let batch = |count: usize| Value::Array(vec![one.clone(); count]);
        let response = client.post().json(&batch(11)).send().await.unwrap();
        assert_eq!(response.status(), 400);
        let response = client.post().json(&batch(10)).send().await.unwrap();
        assert_eq!(response.status(), 200);
        // After all that it still serves.
        assert_eq!(client.query("{ me { name } }").await.text("me.name"), "Meera Shah");
    }
}

const LIMIT: usize = 16_384;

/// The answer to a body that does not tell its length.
async fn in_chunks(address: SocketAddr, body: &[u8]) -> (reqwest::StatusCode, String) {
    let (mut from, mut to) = TcpStream::connect(address).await.unwrap().into_split();
    let mut sent =
        b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
        transfer-encoding: chunked\r\n\r\n"
            .to_vec();
    for part in body.chunks(5_000) {
        sent.extend(format!("{:x}\r\n", part.len()).into_bytes());
        sent.extend([part, b"\r\n"].concat());
    }
    sent.extend(b"0\r\n\r\n");
    let writing = tokio::spawn(async move { to.write_all(&sent).await.map(|()| to) });
    let mut answer = Vec::new();
    let mut read = [0; 4_096];
    loop {
        let count = from.read(&mut read).await.unwrap();
        assert!(count > 0, "no whole answer: {}", String::from_utf8_lossy(&answer));
        answer.extend(&read[..count]);
        let text = String::from_utf8_lossy(&answer);
        let Some((head, text)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if text.len() >= length.unwrap().parse::<usize>().unwrap() {
            // All of it was taken: a client that only writes first gets its answer too.
            writing.await.unwrap().unwrap();
            let status = head.split(' ').nth(1).unwrap().parse::<u16>().unwrap();
            return (reqwest::StatusCode::from_u16(status).unwrap(), text.to_owned());
        }
    }
}

/// A request of exactly so many bytes that is well-formed but asks for a field that is not there.
fn of_length(length: usize) -> String {
    let (begin, end) = (r#"{"query":"{ nothing }","variables":{"a":""#, r#""}}"#);
    format!("{begin}{}{end}", "x".repeat(length - begin.len() - end.len()))
}

#[test]
fn no_malformed_body_does_more_than_be_refused() {
    run_on(Engine::Sqlite, &[("server.body_bytes_max", "16384")], |app| {
        Box::pin(async move {
            let client = app.stranger();
            let typed = |name: &str, value: &str| {
                format!(r#"{{"query":"{{ __typename }}","{name}":{value}}}"#).into_bytes()
            };
            let mut bodies: Vec<Vec<u8>> = (0..=255_u8).map(|byte| vec![byte]).collect();
            bodies.push(Vec::new());
            let good = br#"{"query":"{ __typename }","variables":{"a":[1,{"b":null}]},"operationName":null}"#;
            bodies.extend((1..good.len()).map(|length| good[..length].to_vec()));
            for value in ["[]", "1", "\"{}\"", "true", "1.5", "{", "1e999", "-"] {
                bodies.push(typed("variables", value));
                bodies.push(typed("extensions", value));
            }
            for value in ["[]", "{}", "1", "true", "\"\\ud800\"", "\"a\u{0}b\""] {
                bodies.push(typed("operationName", value));
            }
            for value in ["[]", "{}", "1", "true", "null", "1e999", "\"\"", "\"a\u{0}\"", "\"\\x\""]
            {
                bodies.push(format!(r#"{{"query":{value}}}"#).into_bytes());
            }
            for bytes in [
                &b"{\"query\":\"{ a\xff }\"}"[..],
                b"\xff\xfe{\0}\0",
                b"\xef\xbb\xbf{}",
                b"\0\0\0\0",
                b"[]",
                b"[1]",
                b"[null]",
                b"[[]]",
                b"[{}]",
                b"{}",
                b"{\"query\":\"{a}\"}}",
                b"{} {}",
                b"{\"query\"}",
                b"{'query':'{a}'}",
                b"query={__typename}",
                b"1e400",
                b"-0",
                b"nul",
                b"NaN",
                b"{\"variables\":{}}",
                b"[{\"query\":\"{ __typename }\"},3]",
            ] {
                bodies.push(bytes.to_vec());
            }
            let digits = "9".repeat(10_000);
            bodies.push(digits.clone().into_bytes());
            bodies.push(typed("variables", &format!("{{\"a\":1e{digits}}}")));
            let one = json!({ "query": "{ __typename }" });
            bodies.push(Value::Array(vec![one.clone(); 11]).to_string().into_bytes());
            for length in [2, 100, LIMIT - 1, LIMIT, LIMIT + 1, 2 * LIMIT, 100 * LIMIT, 500 * LIMIT]
            {
                bodies.push(vec![b'['; length]);
                bodies.push(vec![b' '; length]);
                bodies.push(vec![b'"'; length]);
                bodies.push(vec![0; length]);
            }
            let asked = bodies.len();
            for body in bodies {
                let what = format!(
                    "{} bytes: {}",
                    body.len(),
                    String::from_utf8_lossy(&body[..body.len().min(100)])
                );
                for has_length in [true, false] {
                    let (status, text) = if has_length {
                        let request = client.post().header("content-type", "application/json");
                        let response = request
                            .body(body.clone())
                            .send()
                            .await
                            .unwrap_or_else(|why| panic!("{what}: {why:?}"));
                        (response.status(), response.text().await.unwrap())
                    } else {
                        in_chunks(app.address, &body).await
                    };
                    assert_eq!(refused(status, &text, &what), "BAD_USER_INPUT", "{what}: {text}");
                    assert_eq!(status == 413, body.len() > LIMIT, "{what}: {status}");
                }
            }
            assert!(asked > 300, "{asked}");
            // Up to the limit a body is read, and beyond it not.
            for (length, status) in [(LIMIT - 1, 400), (LIMIT, 400), (LIMIT + 1, 413)] {
                let request = client.post().header("accept", "application/graphql-response+json");
                let body = of_length(length);
                assert_eq!(body.len(), length);
                let response = request.header("content-type", "application/json").body(body);
                assert_eq!(response.send().await.unwrap().status(), status, "{length}");
            }
            // A body shorter than it says, a length that is none, and one beyond all numbers.
            for (length, rest) in
                [("9", "{"), ("x", "{}"), ("99999999999999999999", "{}"), ("-1", "{}")]
            {
                let mut socket = TcpStream::connect(app.address).await.unwrap();
                let text = format!(
                    "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                     content-length: {length}\r\n\r\n{rest}"
                );
                socket.write_all(text.as_bytes()).await.unwrap();
                socket.shutdown().await.unwrap();
                let mut answer = String::new();
                socket.read_to_string(&mut answer).await.ok();
                assert!(
                    answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
                    "{length}: {answer}"
                );
            }
            assert!(client.query("{ __typename }").await.code().is_empty());
        })
    });
}

#[test]
fn what_is_not_used_is_not_charged() {
    let settings = &[("limits.bucket_cost_max", "6000"), ("limits.bucket_cost_per_second", "1")];
    run_on(Engine::Sqlite, settings, |app| {
        Box::pin(async move {
            let client = app.register("meera").await;
            let cost = "/extensions/cost";
            // Hundreds asked each time, a few values found: the bucket would be empty long before.
            let wide = "{ users(first: 100) { nodes { id name email role status } } }";
            let mut left = Vec::new();
            for _ in 0..30 {
                let answer = client.query(wide).await;
                assert_eq!(answer.code(), "", "{}", answer.body);
                let cost = answer.body.pointer(cost).unwrap();
                let number = |path: &str| cost.pointer(path).and_then(Value::as_u64).unwrap();
                assert!(number("/requestedQueryCost") > 400, "{cost}");
                assert!((1..50).contains(&number("/actualQueryCost")), "{cost}");
                assert_eq!(number("/throttleStatus/maximumAvailable"), 6_000);
                assert_eq!(number("/throttleStatus/restoreRate"), 1);
                left.push(number("/throttleStatus/currentlyAvailable"));
            }
            assert!(
                left.is_sorted_by(|a, b| a + 2 >= *b) && *left.last().unwrap() > 4_000,
                "{left:?}"
            );

            // Nothing was weighed: nothing is said of cost.
            for query in [
                "{ nothing }",
                "{ me { nothing } }",
                "{",
                "query A { me { name } } query B { me { name } }",
            ] {
                let answer = client.query(query).await;
                assert_eq!(answer.code(), "BAD_USER_INPUT");
                assert!(answer.body.pointer(cost).is_none(), "{}", answer.body);
            }
            // Weighed and found too heavy: the bucket stands as it is.
            let heavy = "{ users(first: 100) { nodes { id a: id b: id c: id d: id e: id f: id g: id
                h: id i: id j: id k: id l: id m: id n: id o: id p: id q: id r: id s: id t: id u: id
                v: id w: id x: id y: id z: id aa: id ab: id ac: id ad: id ae: id af: id ag: id ah: id
                ai: id aj: id ak: id al: id am: id an: id ao: id ap: id aq: id ar: id as: id at: id
                au: id av: id aw: id ax: id name email role status } } }";
            let answer = client.query(heavy).await;
            assert_eq!(answer.code(), "QUERY_TOO_COMPLEX", "{}", answer.body);
            let available =
                answer.body.pointer("/extensions/cost/throttleStatus/currentlyAvailable");
            assert!(available.and_then(Value::as_u64).unwrap() > 4_000, "{}", answer.body);
        })
    });
}

#[test]
fn an_empty_bucket_says_how_it_stands_and_when_to_come_again() {
    let settings = &[("limits.bucket_cost_max", "100"), ("limits.bucket_cost_per_second", "1")];
    run_on(Engine::Sqlite, settings, |app| {
        Box::pin(async move {
            let client = app.register("meera").await;
            let body = json!({ "query": "{ me { name email permissions } }" });
            let mut last = client.post().json(&body).send().await.unwrap();
            for _ in 0..200 {
                if last.status() != 200 {
                    break;
                }
                last = client.post().json(&body).send().await.unwrap();
            }
            let response = last;
            assert_eq!(response.status(), 429);
            assert!(response.headers().contains_key("retry-after"));
            let body: Value = response.json().await.unwrap();
            assert_eq!(body["errors"][0]["extensions"]["code"], "THROTTLED");
            let standing = &body["extensions"]["cost"]["throttleStatus"];
            assert_eq!(standing["maximumAvailable"], 100);
            assert!(standing["currentlyAvailable"].as_u64().unwrap() < 100, "{body}");
        })
    });
}

#[test]
fn pages_are_compressed_kept_and_asked_for_again() {
    run_on(Engine::Sqlite, &[], |app| {
        Box::pin(async move {
            let http = reqwest::Client::new();
            for path in ["/playground", "/playground/style.css", "/schema.graphql"] {
                let url = format!("http://{}{path}", app.address);
                let mut tags = Vec::new();
                for encoding in ["gzip", "identity"] {
                    let response =
                        http.get(&url).header("accept-encoding", encoding).send().await.unwrap();
                    assert_eq!(response.status(), 200);
                    let headers = response.headers();
                    let coding =
                        headers.get("content-encoding").and_then(|value| value.to_str().ok());
                    assert_eq!(coding, (encoding == "gzip").then_some("gzip"), "{path}");
                    let vary = headers["vary"].to_str().unwrap().to_ascii_lowercase();
                    assert!(vary.contains("accept-encoding"), "{path}: {vary}");
                    tags.push(headers["etag"].to_str().unwrap().to_owned());
                }
                // One tag for two forms of the same: so it is weak.
                assert!(tags[0].starts_with("W/\"") && tags[0] == tags[1], "{path}: {tags:?}");
                for known in [
                    tags[0].as_str(),
                    tags[0].trim_start_matches("W/"),
                    "*",
                    &format!("\"x\", {}", tags[0]),
                ] {
                    for encoding in ["gzip", "identity"] {
                        let response = http
                            .get(&url)
                            .header("accept-encoding", encoding)
                            .header("if-none-match", known)
                            .send()
                            .await
                            .unwrap();
                        assert_eq!(response.status(), 304, "{path}: {known}");
                        assert_eq!(response.headers()["etag"], tags[0].as_str());
                        assert!(response.headers().contains_key("vary"));
                        assert!(response.bytes().await.unwrap().is_empty());
                    }
                }
                let other =
                    http.get(&url).header("if-none-match", "\"other\"").send().await.unwrap();
                assert_eq!(other.status(), 200);
            }
        })
    });
}
