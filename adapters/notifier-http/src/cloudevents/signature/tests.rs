use super::*;

fn keys(secrets: &[&str]) -> Result<SigningKeys, SinkError> {
    let secrets: Vec<SecretString> = secrets.iter().map(|&secret| secret.into()).collect();
    SigningKeys::parse(&secrets)
}

fn secret_of(len: usize) -> String {
    format!("{PREFIX}{}", STANDARD.encode(vec![7; len]))
}

#[track_caller]
fn rejects(secrets: &[&str], position: usize, problem: &'static str) {
    let expected = SinkError::BadSecret {
        position,
        count: secrets.len(),
        problem,
    };
    assert_eq!(keys(secrets).err(), Some(expected));
}

/// The example of Standard Webhooks, which its reference implementations test themselves with.
#[test]
fn a_signature_is_that_of_standard_webhooks() {
    let keys = keys(&["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]).unwrap();
    assert_eq!(
        keys.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#
        ),
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    );
}

#[test]
fn each_secret_gives_a_signature_in_its_place() {
    let (old, new) = (secret_of(24), secret_of(64));
    let sign = |secrets: &[&str]| keys(secrets).unwrap().sign("id", 1, "{}");
    assert_eq!(
        sign(&[&new, &old]),
        format!("{} {}", sign(&[&new]), sign(&[&old]))
    );
}

#[test]
fn a_secret_is_a_prefix_and_24_to_64_bytes_in_base64() {
    let good = secret_of(32);
    rejects(&["hunter2"], 1, "it does not start with `whsec_`");
    rejects(
        &[&good, "whsec_hunter2!"],
        2,
        "what follows `whsec_` is not base64",
    );
    for len in [0, 23, 65] {
        rejects(
            &[&secret_of(len)],
            1,
            "a key has 24 to 64 bytes before it is put into base64",
        );
    }
    assert_eq!(keys(&[]).err(), Some(SinkError::NoSecret));
}
