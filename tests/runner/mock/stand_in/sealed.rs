//! Where what makes sources can be kept from private addresses only by having no network.

use super::*;

#[tokio::test]
async fn where_no_gate_can_be_the_server_fetches_and_what_makes_sources_has_no_network() {
    let stand_in = StandIn::called_by(Caller::Member);
    let world = stand_in.bench.path("world");
    fs::create_dir(&world).unwrap();
    fs::write(world.join("a-1.tar.gz"), "from afar").unwrap();
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/a-1.tar.gz", server.local_addr().unwrap());
    std::thread::spawn(move || real::serve_files(&server, &world));
    let spec = stand_in.bench.path("a.spec");
    let text = format!(
        "Name: a\nVersion: 1\nRelease: 1\nSummary: x\nLicense: MIT\nSource0: {url}\nSource1: b\n\
         %description\nx\n"
    );
    fs::write(&spec, text).unwrap();
    let sources = stand_in.bench.path("sources");
    fs::create_dir(&sources).unwrap();
    fs::write(sources.join("b"), "beside it").unwrap();
    let source = SpecSource { spec, sources: Some(sources), download: Some(downloads()) };
    let job = stand_in.bench.job();
    let (chroot, config) = (&stand_in.chroot, &stand_in.config);
    stand_in.mock.make_srpm(&job, chroot, config, &source).await.unwrap();
    let calls = stand_in.calls();
    let call = calls.iter().find(|call| call.contains("--buildsrpm --spec")).unwrap();
    let (_, given) = call.split_once("--sources ").unwrap();
    let given = PathBuf::from(given.split(' ').next().unwrap());
    assert_eq!(fs::read_to_string(given.join("a-1.tar.gz")).unwrap(), "from afar");
    assert_eq!(fs::read_to_string(given.join("b")).unwrap(), "beside it");
    for entry in fs::read_dir(stand_in.bench.path("state")).unwrap().map(Result::unwrap) {
        if entry.file_name().to_string_lossy().starts_with("config-") {
            let config = fs::read_to_string(entry.path()).unwrap();
            assert!(config.contains("config_opts['rpmbuild_networking'] = False"), "{config}");
        }
    }
    stand_in.assert_nothing_is_left();

    let job = stand_in.bench.job();
    let script = script(&stand_in, "mkdir ../out");
    stand_in.mock.run_script(&job, chroot, config, &script).await.unwrap();
    let config = stand_in.generated(&job);
    assert!(config.contains("config_opts['rpmbuild_networking'] = False"), "{config}");
    let log = live_log(&job);
    assert!(log.contains("so it has no network; the setting sources.allow_private"), "{log}");
    let mut job = stand_in.bench.job();
    job.private_addresses = true;
    stand_in.mock.run_script(&job, chroot, &stand_in.config, &script).await.unwrap();
    let config = stand_in.generated(&job);
    assert!(config.contains("config_opts['rpmbuild_networking'] = True"), "{config}");
}
