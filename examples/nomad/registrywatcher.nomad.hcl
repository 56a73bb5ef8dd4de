# registrywatcher as a Nomad job, deploying to the Nomad it runs in: through the task's own API socket, by its workload
# identity, with the rights of registrywatcher.policy.hcl.
#
#   nomad var put nomad/jobs/registrywatcher operator="$(openssl rand -hex 32)" \
#     database_url=postgres://registrywatcher:secret@db.example/registrywatcher
#   nomad acl policy apply -namespace default -job registrywatcher registrywatcher registrywatcher.policy.hcl
#   nomad job run registrywatcher.nomad.hcl
#
# Nomad 1.7 or newer.
job "registrywatcher" {
  group "registrywatcher" {
    # On one PostgreSQL any number of them share the work.
    count = 2

    network {
      port "http" {
        to = 8080
      }
    }

    service {
      name     = "registrywatcher"
      port     = "http"
      provider = "nomad"

      check {
        type     = "http"
        path     = "/healthz"
        interval = "10s"
        timeout  = "5s"
      }
    }

    update {
      max_parallel = 1
      auto_revert  = true
    }

    task "server" {
      driver = "docker"

      # Longer than [server] shutdown_grace.
      kill_timeout = "20s"

      config {
        image           = "registry.example/registrywatcher:0.1.0"
        args            = ["serve", "--config", "/local/registrywatcher.toml"]
        ports           = ["http"]
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
        readonly_rootfs = true
      }

      # Renewed by Nomad, and read anew at each request.
      identity {
        file = true
      }

      resources {
        cpu    = 100
        memory = 64
      }

      template {
        destination = "local/registrywatcher.toml"
        data        = <<-TOML
          docker_config = false

          [server]
          listen = "0.0.0.0:8080"

          [[auth.tokens]]
          name = "operator"
          role = "admin"
          token_file = "/secrets/operator"

          [store]
          url_file = "/secrets/database-url"

          [deployers.nomad]
          kind = "nomad"
          address = "unix:///secrets/api.sock"
          token_file = "/secrets/nomad_token"

          [watches.web]
          image = "ghcr.io/acme/web"
          policy = { semver = "^1" }
          workloads = [{ deployer = "nomad", job = "web", task = "server" }]
        TOML
      }

      template {
        destination = "secrets/operator"
        data        = "{{ with nomadVar \"nomad/jobs/registrywatcher\" }}{{ .operator }}{{ end }}"
      }

      template {
        destination = "secrets/database-url"
        data        = "{{ with nomadVar \"nomad/jobs/registrywatcher\" }}{{ .database_url }}{{ end }}"
      }
    }
  }
}
