//! What is told of the places where tenants live, when one of them is away.

use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};

use super::*;
use crate::{
    office::Rules,
    services::platform::site::{Site, engines, meera, register},
};

#[tokio::test]
async fn a_place_that_holds_tenants_is_told_by_its_name_and_found_away() {
    for engine in engines().await {
        let site = Site::open(engine, Rules::default()).await;
        register(&site, meera("meera")).await.unwrap();
        let place = site.place().await;
        let name = format!("tenants:{}", place.name);

        let lookout = Lookout::default();
        assert_eq!(lookout.look(&site.office).await, [(name.clone(), true)], "{engine:?}");
        lookout.close().await;

        if engine != Engine::Sqlite {
            // Bound and never listened to: whoever connects is refused.
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let mut row = place.clone().into_active_model();
            row.port = Set(Some(i32::from(socket.local_addr().unwrap().port())));
            row.version = Set(place.version + 1);
            row.update(site.office.master.writer()).await.unwrap();
            let began = Instant::now();
            assert_eq!(Lookout::default().look(&site.office).await, [(name, false)], "{engine:?}");
            assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
            place
                .into_active_model()
                .reset_all()
                .update(site.office.master.writer())
                .await
                .unwrap();
        }
        site.close().await;
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_without_room_is_told() {
    let folder = tempfile::tempdir().unwrap();
    assert!(files::has_room(folder.path(), 1).await.unwrap());
    assert!(!files::has_room(folder.path(), u64::MAX).await.unwrap());
    assert!(!files::has_room(&folder.path().join("gone"), 1).await.unwrap_or(false));
}
