//! Facts of the machine, read when a run begins.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sysinfo::System;

/// The machine a record was made on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostFacts {
    /// Operating system and its version.
    pub os: String,
    /// Kernel version.
    pub kernel: String,
    /// Processor architecture.
    pub arch: String,
    /// Processor model.
    pub cpu: String,
    /// Logical processors this process may use.
    pub cores: u32,
    /// Memory, bytes.
    pub memory_bytes: u64,
    /// Frequency governor of the first processor, where the system tells; "performance" is what one wants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub governor: Option<String>,
    /// Whether a hypervisor is below, where the system tells: its other guests are noise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtualised: Option<bool>,
}

impl HostFacts {
    /// Reads them.
    pub fn read() -> Self {
        let mut system = System::new();
        system.refresh_memory();
        system.refresh_cpu_list(sysinfo::CpuRefreshKind::nothing());
        let unknown = || "unknown".to_owned();
        Self {
            os: System::long_os_version().unwrap_or_else(unknown),
            kernel: System::kernel_version().unwrap_or_else(unknown),
            arch: std::env::consts::ARCH.to_owned(),
            cpu: system.cpus().first().map_or_else(unknown, |cpu| cpu.brand().trim().to_owned()),
            cores: std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32),
            memory_bytes: system.total_memory(),
            governor: read_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            virtualised: std::fs::read_to_string("/proc/cpuinfo")
                .ok()
                .map(|text| text.split_whitespace().any(|word| word == "hypervisor")),
        }
    }
}

fn read_line(path: &str) -> Option<String> {
    Some(std::fs::read_to_string(path).ok()?.trim().to_owned()).filter(|line| !line.is_empty())
}
