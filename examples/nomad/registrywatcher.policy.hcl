# What the deployer `nomad` needs, and no more. It is given to the job itself, so that there is no token to keep:
#
#   nomad acl policy apply -namespace default -job registrywatcher registrywatcher registrywatcher.policy.hcl
#
# One block for each namespace that is deployed to; "list-jobs" as well where `discover = true`. Jobs that mount host volumes also
# take host_volume "<name>" { capabilities = ["mount-readwrite"] }, and those with CSI volumes "csi-mount-volume".
namespace "default" {
  capabilities = ["read-job", "submit-job"]
}

# Nomad's version, which decides how an image is pinned. Without it the most cautious way is taken.
agent {
  policy = "read"
}
