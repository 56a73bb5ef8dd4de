use super::*;

const TOKEN: &str = "[[auth.tokens]]\nname = 'ops'\nrole = 'admin'\nsha256 = \
                     '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'\n";

#[test]
fn without_a_token_only_loopback_is_served() {
    for listen in [
        "127.0.0.1:8080",
        "127.1.2.3:1",
        "[::1]:8080",
        "[::ffff:127.0.0.1]:8080",
    ] {
        assert_eq!(
            load(&format!("[server]\nlisten = '{listen}'")).check_exposure(),
            Ok(()),
            "{listen}"
        );
    }
    for listen in [
        "0.0.0.0:8080",
        "[::]:8080",
        "10.0.0.1:80",
        "[::ffff:10.0.0.1]:80",
    ] {
        let toml = format!("[server]\nlisten = '{listen}'\n");
        let refused = Err(ExposureError {
            listen: listen.parse().unwrap(),
        });
        assert_eq!(load(&toml).check_exposure(), refused, "{listen}");
        assert_eq!(
            load(&format!("{toml}{TOKEN}")).check_exposure(),
            Ok(()),
            "{listen} with a token"
        );
    }
}

#[test]
fn the_lines_that_the_refusal_says_to_add_are_accepted() {
    let listen = "[server]\nlisten = '0.0.0.0:8080'\n";
    let refusal = load(listen).check_exposure().unwrap_err().to_string();
    assert!(
        refusal.contains("openssl rand -hex 32 | tee token | tr -d '\\n' | sha256sum"),
        "{refusal}"
    );
    let (_, lines) = refusal.split_once("configuration:\n").unwrap();
    let lines = lines.replace("<sha-256 of the token>", &token_hash("secret").to_string());
    let config = load(&format!("{listen}{lines}"));
    assert_eq!(config.auth.tokens[0].token.role, Role::Admin);
    assert_eq!(config.check_exposure(), Ok(()));
}

#[test]
fn a_service_on_all_addresses_is_reached_on_the_loopback_one() {
    for (listen, url) in [
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("[::]:8080", "http://[::1]:8080"),
        ("10.0.0.1:80", "http://10.0.0.1:80"),
    ] {
        let config = load(&format!("[server]\nlisten = '{listen}'"));
        assert_eq!(config.server.local_url(), url);
    }
}
