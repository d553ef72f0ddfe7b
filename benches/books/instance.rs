//! The release server as a process of its own, started in an empty folder and stopped in good order.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    Outcome,
    engine::{self, Engine, MARKER, Place},
    load::Ask,
    options::Options,
    sql::{Connection, Script},
    wire::Wire,
};

/// How long it may take to start: it makes its databases and secrets the first time.
const START_WITHIN: Duration = Duration::from_secs(60);
/// How long it may take to stop before it is killed.
const STOP_WITHIN: Duration = Duration::from_secs(60);

/// A running server.
#[derive(Debug)]
pub struct Daybook {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
}

impl Daybook {
    /// Starts it on a free port, with its files in `folder`, and waits until it answers.
    ///
    /// # Errors
    /// When it ends or is silent; its log is in the message.
    pub async fn start(engine: Engine, options: &Options, folder: &Path) -> Outcome<Self> {
        fs::create_dir_all(folder)?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let log = folder.join("server.log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_daybook"));
        command.arg("serve").current_dir(folder).env_clear().stdin(Stdio::null());
        let open_max = options.tenants.iter().max().copied().unwrap_or(0) + 100;
        let server_url = match engine::server(engine, options) {
            Some(Place::Server { url, .. }) => url,
            _ => String::new(),
        };
        let settings = [
            ("DAYBOOK_SERVER_LISTEN", address.to_string()),
            ("DAYBOOK_DATA_FOLDER", folder.join("data").display().to_string()),
            ("DAYBOOK_TENANTS_SERVER_URL", server_url),
            ("DAYBOOK_TENANTS_DATABASE_MARKER", MARKER.to_owned()),
            ("DAYBOOK_TENANTS_OPEN_MAX", open_max.to_string()),
            ("DAYBOOK_TENANTS_IDLE_CLOSE_MS", "3600000".to_owned()),
            ("DAYBOOK_SECURITY_ACCESS_TOKEN_SECONDS", "86400".to_owned()),
            ("DAYBOOK_SECURITY_REGISTER_PER_HOUR_PER_ADDRESS", "100000".to_owned()),
            ("DAYBOOK_LIMITS_BUCKET_COST_MAX", "1000000000".to_owned()),
            ("DAYBOOK_LIMITS_BUCKET_COST_PER_SECOND", "1000000000".to_owned()),
            ("DAYBOOK_LOG_LEVEL", "warn".to_owned()),
        ];
        command.envs(settings.into_iter().filter(|(_, value)| !value.is_empty()));
        for name in ["PATH", "HOME"] {
            #[expect(clippy::disallowed_methods, reason = "the child's environment, not a setting")]
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let output = fs::OpenOptions::new().create(true).append(true).open(&log)?;
        command.stdout(output.try_clone()?).stderr(output);
        let mut server = Self { address, child: command.spawn()? };
        server.wait_until_ready(&log).await?;
        Ok(server)
    }

    /// Its process id.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    async fn wait_until_ready(&mut self, log: &Path) -> Outcome<()> {
        let began = Instant::now();
        let mut ask = Ask::new(self.address, None, r#"{"query":"{__typename}"}"#, "__typename");
        loop {
            if let Ok(mut wire) = Wire::open(self.address).await
                && ask.once(&mut wire).await.is_ok()
            {
                return Ok(());
            }
            let ended = self.child.try_wait()?;
            if ended.is_some() || began.elapsed() > START_WITHIN {
                let text = fs::read_to_string(log).unwrap_or_default();
                let how = ended.map_or("is silent".to_owned(), |status| format!("ended: {status}"));
                return Err(format!("the server {how}\n{text}").into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks it to stop and waits.
    ///
    /// # Errors
    /// When it does not stop in time; it is killed then.
    pub async fn stop(mut self) -> Outcome<()> {
        let signalled =
            Command::new("kill").args(["-TERM", &self.process().to_string()]).status()?;
        let began = Instant::now();
        while signalled.success() && began.elapsed() < STOP_WITHIN {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err("the server did not stop when asked".into())
    }
}

impl Drop for Daybook {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The database of a tenant, from the routing table.
///
/// # Errors
/// When there is no such tenant.
pub async fn place_of(
    engine: Engine,
    options: &Options,
    folder: &Path,
    subdomain: &str,
) -> Outcome<Place> {
    let data: PathBuf = folder.join("data");
    let mut master = Connection::open(&Place::File(data.join("master.sqlite"))).await?;
    let text = "SELECT database_name FROM tenant_master WHERE subdomain = ?";
    let row = master.row(&Script::new(Engine::Sqlite, text), &[subdomain.into()]).await?;
    let name = row.text(0)?;
    master.close().await?;
    Ok(match engine::server(engine, options) {
        Some(server) => server.sibling(&name),
        None => Place::File(data.join("tenants").join(format!("{name}.sqlite"))),
    })
}

/// The global id of the shared journal type.
///
/// # Errors
/// When the master database has none.
pub async fn journal(folder: &Path) -> Outcome<String> {
    let master = Place::File(folder.join("data").join("master.sqlite"));
    let mut master = Connection::open(&master).await?;
    let text = "SELECT id FROM voucher_types WHERE code = ?";
    let row = master.row(&Script::new(Engine::Sqlite, text), &["JRN".into()]).await?;
    let id = row.big(0)?;
    master.close().await?;
    Ok(daybook::graphql::id::encode("VoucherType", id).to_string())
}
