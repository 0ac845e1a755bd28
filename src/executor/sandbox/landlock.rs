//! Landlock: no files but those an engine reads at run time, no network, no signals to others.

use std::thread;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

use super::{Measure, Report, Standing};

/// What may be read after all, where it exists. Nothing may be written, made or executed.
///
/// - The time zone: the C library and ICU read it when a script first asks for local time.
/// - The processors: the C library counts them when a thread first allocates, V8 when its platform starts.
/// - Random bytes: V8 seeds `Math.random` from the file, and from the clock if it cannot.
const READABLE: [&str; 6] = [
    "/etc/localtime",
    "/etc/timezone",
    "/etc/zoneinfo",
    "/usr/share/zoneinfo",
    "/sys/devices/system/cpu",
    "/dev/urandom",
];

/// The newest ABI whose rights are asked for. Kernels without them leave them out.
const NEWEST: ABI = ABI::V10;

/// The first ABI with all that is meant by "fully": files (1), moving between folders (2), truncating (3),
/// device controls (5); TCP (4), abstract sockets and signals (6).
const FULL_FILES: i32 = 5;
const SOME_NETWORK: i32 = 4;
const FULL_NETWORK: i32 = 6;

/// Restricts the calling thread, and with it those it starts.
pub(super) fn restrict() -> (Measure, Measure) {
    match rules().and_then(RulesetCreated::restrict_self) {
        Ok(status) => match (status.landlock, status.ruleset) {
            (LandlockStatus::NotEnabled, _) => absent("Landlock is built in but not enabled at boot"),
            (LandlockStatus::NotImplemented, _) => absent("Landlock is not in this kernel"),
            (_, RulesetStatus::NotEnforced) => absent("the kernel has Landlock and enforced nothing"),
            (LandlockStatus::Available { effective_abi, .. }, _) => measures(effective_abi as i32),
        },
        Err(error) => absent(&format!("Landlock: {error}")),
    }
}

/// Whether opening files is Landlock's business.
pub(super) fn restricts(report: &Report) -> bool {
    report.filesystem.standing != Standing::None
}

/// What would be enforced: it is, on a thread that is started for it and ends.
pub(super) fn offered() -> (Measure, Measure) {
    match thread::Builder::new().name("landlock".to_owned()).spawn(restrict) {
        Ok(restricted) => restricted.join().unwrap_or_else(|_| absent("Landlock could not be tried")),
        Err(error) => absent(&format!("Landlock could not be tried: {error}")),
    }
}

/// Everything this version of the crate knows, as far as the kernel does.
fn rules() -> Result<RulesetCreated, RulesetError> {
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    for path in READABLE {
        // What does not exist needs no rule.
        if let Ok(file) = PathFd::new(path) {
            rules = rules.add_rule(PathBeneath::new(file, AccessFs::ReadFile | AccessFs::ReadDir))?;
        }
    }
    Ok(rules)
}

fn measures(abi: i32) -> (Measure, Measure) {
    let by = format!("landlock abi {abi}");
    let filesystem = if abi >= FULL_FILES {
        Measure::full(&by, "only time zone, processor count and random bytes, to read")
    } else {
        Measure::partial(&by, "files closed, but not yet truncating or device controls")
    };
    let network = match abi {
        FULL_NETWORK.. => Measure::full(&by, "TCP, abstract sockets, signals"),
        SOME_NETWORK.. => Measure::partial(&by, "TCP; not abstract sockets or signals"),
        _ => Measure::none(format!("{by} knows no network")),
    };
    (filesystem, network)
}

fn absent(why: &str) -> (Measure, Measure) {
    (Measure::none(why), Measure::none(why))
}
