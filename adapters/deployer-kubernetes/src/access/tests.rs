use super::*;

fn write(directory: &Path, name: &str, server: &str, namespace: &str) -> String {
    let path = directory.join(name);
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: {name}\n\
         contexts: [{{name: {name}, context: {{cluster: {name}, user: me, namespace: {namespace}}}}}]\n\
         clusters: [{{name: {name}, cluster: {{server: \"{server}\"}}}}]\n\
         users: [{{name: me, user: {{token: secret}}}}]\n"
    );
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_first_of_several_kubeconfigs_wins_and_a_missing_one_is_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let one = write(directory.path(), "one", "https://one.example:6443", "apps");
    let two = write(directory.path(), "two", "https://two.example:6443", "jobs");
    let list = format!("{}/missing:{one}:{two}", directory.path().display());
    let lookup = |name: &str| (name == "KUBECONFIG").then(|| list.clone());

    let config = load(&Settings::default(), lookup).unwrap();
    assert_eq!(config.cluster_url.host(), Some("one.example"));
    assert_eq!(config.default_namespace, "apps");

    let settings = Settings {
        context: Some("two".into()),
        ..Settings::default()
    };
    let config = load(&settings, lookup).unwrap();
    assert_eq!(config.cluster_url.host(), Some("two.example"));
    assert_eq!(config.default_namespace, "jobs");
}

#[test]
fn the_home_directory_is_looked_into_like_kubectl_does() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".kube")).unwrap();
    write(
        &home.path().join(".kube"),
        "config",
        "http://[::1]:8080",
        "x",
    );
    let lookup = |name: &str| (name == "HOME").then(|| home.path().to_str().unwrap().to_owned());
    let config = load(&Settings::default(), lookup).unwrap();
    assert_eq!(config.cluster_url.to_string(), "http://[::1]:8080/");
}

#[test]
fn what_cannot_work_is_refused_by_its_setting() {
    let directory = tempfile::tempdir().unwrap();
    let one = write(directory.path(), "one", "https://one.example", "apps");
    let refuses = |settings: Settings, message: &str| {
        let error = load(&settings, |_| None).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
        assert!(!error.contains("secret"), "{error}");
    };
    refuses(Settings::default(), "kubeconfig: no cluster is known");
    let settings = Settings {
        kubeconfig: Some(one.clone().into()),
        in_cluster: true,
        ..Settings::default()
    };
    refuses(settings, "in_cluster: `kubeconfig` is set as well");
    let settings = Settings {
        kubeconfig: Some(one.into()),
        context: Some("three".into()),
        ..Settings::default()
    };
    refuses(settings, "context: failed to load current context: three");
    let settings = Settings {
        kubeconfig: Some("/does/not/exist".into()),
        ..Settings::default()
    };
    refuses(settings, "kubeconfig: /does/not/exist");
}
