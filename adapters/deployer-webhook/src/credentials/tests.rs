use secrecy::SecretString;

use super::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn signing() -> Settings {
    Settings {
        secrets: vec![SECRET.into()],
        ..Settings::default()
    }
}

#[track_caller]
fn rejects(settings: &Settings, message: &str) {
    let error = Credentials::of(settings).err().expect("they are at fault");
    assert!(error.to_string().contains(message), "{error}");
}

#[test]
fn requests_are_never_sent_unsigned() {
    rejects(
        &Settings::default(),
        "secrets: there is no secret to sign with",
    );
    let secrets = vec![SECRET.into(), SecretString::from("hunter2")];
    let settings = Settings {
        secrets,
        ..Settings::default()
    };
    rejects(
        &settings,
        "secrets: secret 2: it does not start with `whsec_`",
    );
    let settings = Settings {
        secrets_file: Some("/a".into()),
        ..signing()
    };
    rejects(&settings, "secrets: `secrets_file` is set as well");
}

#[test]
fn headers_that_are_ours_cannot_be_set() {
    for (name, value, message) in [
        (
            "Webhook-Signature",
            "v1,x",
            "`Webhook-Signature` is set for each request",
        ),
        ("Host", "other", "`Host` is set for each request"),
        ("a b", "x", "`a b` is no name of a header"),
        ("X-Key", "a\nb", "the value of `X-Key` has characters"),
    ] {
        let mut settings = signing();
        settings.secret_headers.insert(name.into(), value.into());
        rejects(&settings, message);
    }
}

#[tokio::test]
async fn files_are_read_anew_at_each_request() {
    let folder = tempfile::tempdir().unwrap();
    let (secrets, headers) = (folder.path().join("secrets"), folder.path().join("headers"));
    let settings = Settings {
        secrets_file: Some(secrets.clone()),
        secret_headers_file: Some(headers.clone()),
        ..Settings::default()
    };
    let credentials = Credentials::of(&settings).unwrap();
    let missing = credentials
        .read()
        .await
        .err()
        .expect("there are no files yet");
    assert!(
        matches!(missing, CallError::Unavailable { .. }),
        "{missing}"
    );

    std::fs::write(&headers, "").unwrap();
    for (count, text) in [
        (1, format!("{SECRET}\n")),
        (2, format!("{SECRET}\n\n{SECRET}")),
    ] {
        std::fs::write(&secrets, text).unwrap();
        assert_eq!(credentials.read().await.ok().unwrap().keys.len(), count);
    }
    std::fs::write(
        &headers,
        "Authorization: Bearer c0ffee\nX-Stage:production\n",
    )
    .unwrap();
    let presented = credentials.read().await.ok().unwrap().headers.map();
    assert_eq!(presented["authorization"], "Bearer c0ffee");
    assert_eq!(presented["x-stage"], "production");

    std::fs::write(&secrets, "hunter2").unwrap();
    let spoiled = credentials.read().await.err().expect("it holds no secret");
    assert!(matches!(spoiled, CallError::Unpresentable(_)));
    assert!(!spoiled.to_string().contains("hunter2"), "{spoiled}");
}

#[test]
fn a_text_that_repeats_a_header_is_shown_without_it() {
    let headers = Headers::of([("Authorization", "Bearer c0ffee")].into_iter()).unwrap();
    let text = "`Bearer c0ffee` may not deploy".to_owned();
    assert_eq!(
        headers.hide_in(text),
        "`<redacted> <redacted>` may not deploy"
    );
}
