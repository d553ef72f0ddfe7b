//! The endpoint over a real socket: what is refused before GraphQL, and how answers look.

use serde_json::{Value, json};

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

        for content in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=latin1"] {
            let body = json!({ "query": "{ __typename }" }).to_string();
            let response = client.post().header("content-type", content).body(body).send().await.unwrap();
            assert_eq!(response.status(), 415, "{content}");
        }

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

        // The media type decides whether a request error shows in the status.
        for (accept, query, status) in [
            ("application/json", "{ nothing }", 200),
            ("application/json", "{ me { name } }", 200),
            ("application/graphql-response+json", "{ nothing }", 400),
            ("application/graphql-response+json", "{ me { name } }", 200),
            ("text/html", "{ __typename }", 406),
        ] {
            let response = client
                .post().header("accept", accept).json(&json!({ "query": query })).send().await.unwrap();
            assert_eq!(response.status(), status, "{accept} {query}");
        }
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
