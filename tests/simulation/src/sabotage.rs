/// One port broken in one way, so that the check of one invariant must notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// The store loses the pin of each watch that is loaded.
    LosesPins,
    /// The store says of each watch that it deploys by itself.
    ForgetsAutoDeployOff,
    /// The deployer hides the tag of what somebody else deployed.
    HidesTags,
    /// The registry gives a listing without its last page for a complete one.
    PartialListings,
    /// The store lets deployments of one unit be active at the same time.
    SharesUnits,
    /// The store loses the quarantine, and what failed, of what is loaded.
    ForgetsQuarantine,
    /// Nobody is told that a deployment can go on.
    LosesWakes,
    /// The deployer starts another rollout when it is asked again for one that it has accepted.
    AppliesTwice,
    /// The deployer promotes canaries that nobody asked it to promote.
    PromotesUnasked,
    /// The store forgets the event of a deployment that ended.
    LosesEvents,
    /// The store takes back what an operator asked for when it commits the next step.
    LosesRequests,
    /// A sink says that it took what it threw away.
    DropsNotifications,
    /// The store moves a cursor one event too far.
    SkipsEvents,
}
