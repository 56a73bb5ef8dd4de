//! What a sink is configured with, and that none of it is shown.

use std::sync::Arc;

use registrywatcher_memory::MemoryClock;
use registrywatcher_notifier_http::{
    CloudEventsNotifier, CloudEventsSettings, DiscordSettings, MattermostSettings, SinkError,
    SlackNotifier, SlackSettings, TeamsSettings,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::notifiers::{
    NEW_SECRET, cloudevents, cloudevents_settings, discord, install_crypto, mattermost, slack,
    teams,
};
use crate::sink::SECRET;

fn read<S: DeserializeOwned>(settings: Value) -> Result<S, String> {
    serde_json::from_value(settings).map_err(|error| error.to_string())
}

#[test]
fn an_address_is_a_secret_and_sent_over_https_only() {
    install_crypto();
    for address in [
        "https://hooks.slack.com/services/T/B/X",
        "http://localhost:8065/hooks/x",
        "http://127.0.0.1:1/x",
        "http://[::1]:1/x\n",
    ] {
        slack(address);
    }
    for (address, error) in [
        (
            "http://hooks.example/hunter2",
            SinkError::Insecure {
                scheme: "http".to_owned(),
            },
        ),
        (
            "http://localhost.example/x",
            SinkError::Insecure {
                scheme: "http".to_owned(),
            },
        ),
        (
            "ftp://127.0.0.1/hunter2",
            SinkError::Insecure {
                scheme: "ftp".to_owned(),
            },
        ),
        ("hunter2", SinkError::NotAUrl),
        ("data:hunter2", SinkError::NotAUrl),
        ("", SinkError::NotAUrl),
    ] {
        let settings = SlackSettings {
            webhook_url: address.into(),
        };
        assert_eq!(
            SlackNotifier::new(settings).unwrap_err(),
            error,
            "for {address:?}"
        );
    }
}

#[test]
fn a_signing_secret_and_an_instance_are_checked_at_once() {
    install_crypto();
    let new = |settings: &CloudEventsSettings| {
        CloudEventsNotifier::new(settings, Arc::new(MemoryClock::new())).unwrap_err()
    };
    let good = cloudevents_settings("https://receiver.example/events");
    let unsigned = CloudEventsSettings {
        secrets: Vec::new(),
        ..good.clone()
    };
    assert_eq!(new(&unsigned), SinkError::NoSecret);

    let guessed = CloudEventsSettings {
        secrets: vec![NEW_SECRET.into(), "hunter2".into()],
        ..good.clone()
    };
    let words = new(&guessed).to_string();
    assert!(words.starts_with("secret 2 of 2 cannot"), "{words}");
    assert!(!words.contains("hunter2"), "{words}");

    let dotted = CloudEventsSettings {
        instance: "a.b".to_owned(),
        ..good
    };
    assert!(matches!(new(&dotted), SinkError::BadInstance { .. }));
}

#[test]
fn settings_are_read_and_a_mistyped_key_is_a_fault() {
    let webhook = json!({ "webhook_url": "https://chat.example/hooks/x" });
    read::<SlackSettings>(webhook.clone()).unwrap();
    read::<TeamsSettings>(webhook.clone()).unwrap();
    read::<DiscordSettings>(webhook.clone()).unwrap();
    let mattermost: MattermostSettings = read(webhook).unwrap();
    assert_eq!(mattermost.channel, None);
    let endpoint = json!({ "url": "https://receiver.example", "secrets": [NEW_SECRET] });
    let cloudevents: CloudEventsSettings = read(endpoint).unwrap();
    assert_eq!(cloudevents.instance, "default");

    let mistyped = json!({ "webhook_url": "https://chat.example/hooks/x", "chanel": "a" });
    let error = read::<MattermostSettings>(mistyped).unwrap_err();
    assert!(error.contains("unknown field `chanel`"), "{error}");
}

#[test]
fn debug_shows_neither_an_address_nor_a_secret() {
    let url = format!("https://chat.example/hooks/{SECRET}");
    let settings = cloudevents_settings(&url);
    let shown = [
        format!("{:?}", slack(&url)),
        format!("{:?}", teams(&url)),
        format!("{:?}", discord(&url)),
        format!("{:?}", mattermost(&url)),
        format!("{:?}", cloudevents(&url, &MemoryClock::new())),
        format!("{settings:?}"),
    ];
    let key = NEW_SECRET.trim_start_matches("whsec_");
    for shown in shown {
        assert!(!shown.contains(SECRET) && !shown.contains(key), "{shown}");
    }
}
