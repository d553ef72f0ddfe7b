//! Books from the first ledger to the trial balance.
on_every_engine! {
    async fn registers(app: &TestApp) {
        let client = app.register("meera").await;
        assert_eq!(client.query("{ me { name } }").await.text("me.name"), "Meera Shah");
    }
}
