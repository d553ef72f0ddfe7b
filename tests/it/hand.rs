//! A hand that reaches round the program into a tenant's database.

use daybook::services::platform::template;
use daybook_entity::master::tenant::tenant_master;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, QueryFilter, Statement,
};

use crate::app::TestApp;

/// A tenant's routing row.
pub async fn row_of(app: &TestApp, subdomain: &str) -> tenant_master::Model {
    tenant_master::Entity::find()
        .filter(tenant_master::Column::Subdomain.eq(subdomain))
        .one(app.app.office.master.reader())
        .await
        .unwrap()
        .unwrap()
}

/// A connection with the administrator's rights.
pub async fn connection(app: &TestApp, subdomain: &str) -> DatabaseConnection {
    let (office, row) = (&app.app.office, row_of(app, subdomain).await);
    let server = office.servers.by_id(&office.master, row.server_id).await.unwrap();
    template::open(&server.database(&row.database_name)).await.unwrap()
}

/// Runs statements.
pub async fn run_sql(app: &TestApp, subdomain: &str, statements: &[&str]) {
    let connection = connection(app, subdomain).await;
    for sql in statements {
        let done = connection.execute_unprepared(sql).await;
        done.unwrap_or_else(|why| panic!("{sql}: {why}"));
    }
    connection.close().await.unwrap();
}

/// The one number that a query answers.
pub async fn sql_number(app: &TestApp, subdomain: &str, query: &str) -> i64 {
    let connection = connection(app, subdomain).await;
    let query = format!("SELECT CAST(({query}) AS {})", integer(&connection));
    let ask = Statement::from_string(connection.get_database_backend(), query);
    let row = connection.query_one_raw(ask).await.unwrap().unwrap();
    let number = row.try_get_by_index(0).unwrap();
    connection.close().await.unwrap();
    number
}

/// The one text that a query answers.
pub async fn sql_text(app: &TestApp, subdomain: &str, query: &str) -> String {
    let connection = connection(app, subdomain).await;
    let ask = Statement::from_string(connection.get_database_backend(), query);
    let row = connection.query_one_raw(ask).await.unwrap().unwrap();
    let text = row.try_get_by_index(0).unwrap();
    connection.close().await.unwrap();
    text
}

fn integer(connection: &DatabaseConnection) -> &'static str {
    match connection.get_database_backend() {
        sea_orm::DbBackend::MySql => "SIGNED",
        _ => "BIGINT",
    }
}
