//! A disk that is full: whoever posts is told so, nothing is half stored, and it goes on when there is
//! room again. The room is a bound on the size of the program's files, which can be raised from outside.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{
    books::{Books, Lost},
    client::Answer,
    engine::Engine,
    instance::{Instance, run_on},
    serving::Serving,
};

/// Bytes that a file of the program may have.
const ROOM: u64 = 3 << 20;

/// The program, with a bound on its files; a write beyond it fails, as it does where a disk is full.
fn cramped(mut program: Command) -> Command {
    let mut shell = Command::new("sh");
    let blocks = ROOM / 512;
    // Beyond its bound a process gets a signal first, which would end it.
    shell.args(["-c", &format!("trap '' XFSZ; ulimit -S -f {blocks}; exec \"$0\" \"$@\"")]);
    shell.arg(program.get_program()).args(program.get_args());
    if let Some(folder) = program.get_current_dir() {
        shell.current_dir(folder);
    }
    shell.env_clear();
    for (name, value) in program.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    program.stdin(Stdio::null());
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    shell
}

/// Takes the bound away again.
fn make_room(process: u32) {
    let bound = ["--pid", &process.to_string(), "--fsize=unlimited"];
    let done = Command::new("prlimit").args(bound).status().unwrap();
    assert!(done.success(), "prlimit");
}

/// Posts many vouchers with much to say, so that the file grows.
async fn post_much(books: &Books, key: &str) -> Result<Answer, Lost> {
    let words = "the looms are to be oiled; ".repeat(70);
    let one = |_| {
        let mut voucher = books.voucher("");
        voucher.as_object_mut().unwrap().remove("idempotencyKey");
        voucher["narration"] = json!(format!("{} {words}", books.subdomain));
        voucher
    };
    let vouchers: Vec<Value> = (0..50).map(one).collect();
    let text = "mutation($input: VoucherBulkPostInput!) { voucherBulkPost(input: $input) {
        vouchers { id } replayed userErrors { code field message } } }";
    let input = json!({ "idempotencyKey": key, "vouchers": vouchers });
    let body = json!({ "query": text, "variables": { "input": input } });
    let response = books.client.post().json(&body).send().await.map_err(|_| Lost)?;
    Ok(Answer { body: response.json().await.map_err(|_| Lost)? })
}

async fn a_full_disk_is_told_and_survived(instance: &Instance) {
    let place = instance.place();
    let program = place.daybook(&["--set", "server.listen=127.0.0.1:0", "serve"]);
    let node = Serving::of(cramped(program));
    let books = Books::register(&node, "meera", "Meera").await;
    let mut taken = 0;
    let refused = loop {
        let answer = post_much(&books, &format!("much {taken}")).await.unwrap();
        if !answer.code().is_empty() {
            break answer;
        }
        assert!(answer.refusals("voucherBulkPost").is_empty(), "{}", answer.body);
        taken += 1;
        assert!(taken < 200, "there was always room");
    };
    println!("{taken} calls found room");
    assert!(taken > 0);
    assert_eq!(refused.code(), "UNAVAILABLE", "{}", refused.body);
    // It goes on answering, and goes on refusing what it has no room for.
    let again = post_much(&books, &format!("much {taken}")).await.unwrap();
    assert_eq!(again.code(), "UNAVAILABLE", "{}", again.body);
    assert_eq!(books.are_whole().await.len(), taken * 50);

    make_room(node.process());
    for call in [taken, taken + 1] {
        let answer = post_much(&books, &format!("much {call}")).await.unwrap();
        assert_eq!(answer.code(), "", "{}", answer.body);
        assert_eq!(answer.at("voucherBulkPost.replayed"), false, "{}", answer.body);
    }
    // What was refused was not done, and what was done is known.
    let first = post_much(&books, "much 0").await.unwrap();
    assert_eq!(first.at("voucherBulkPost.replayed"), true);
    assert_eq!(books.are_whole().await.len(), (taken + 2) * 50);
    place.run(&["verify"]).ok();
    assert_eq!(node.terminate().0, Some(0));
}

#[test]
fn a_full_disk_is_told_and_survived_on_sqlite() {
    run_on(Engine::Sqlite, |instance| Box::pin(a_full_disk_is_told_and_survived(instance)));
}
