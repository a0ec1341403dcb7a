//! The real daemon on a host of its own making: configuration, socket, state and control groups that no
//! other test meets, and a client for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use prost::Message as _;
use skep_proto::v1::{
    self, apps_client::AppsClient, host_client::HostClient, invocations_client::InvocationsClient,
    invoke_response::Outcome, quotas_client::QuotasClient,
};
use tokio::runtime::Runtime;
use tonic::{
    Code, Status,
    transport::{Channel, Endpoint},
};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_types::StatusExt as _;

use crate::{
    look::Process,
    place::{Place, program},
    yard::{patience, until},
};

/// Held by every host, alone by those that measure: a neighbour would be in the figures.
static QUIET: RwLock<()> = RwLock::new(());

enum Turn {
    Shared { _guard: RwLockReadGuard<'static, ()> },
    Alone { _guard: RwLockWriteGuard<'static, ()> },
}

/// How much a host may hold.
struct Room {
    first_id: u32,
    ids: u32,
    /// What each tenant's table says of memory.
    ceiling: &'static str,
}

impl Room {
    fn of(place: &Place) -> Self {
        Self { first_id: place.first_id, ids: 500, ceiling: "memory = \"1GiB\"\n" }
    }
}

/// Where a host's log goes.
pub enum Output {
    /// A file of its own.
    File,
    /// Whatever this is.
    Other(Stdio),
    /// Nowhere: the descriptor is closed.
    Closed,
}

/// A running daemon with its client.
pub struct Host {
    /// Where everything of it is.
    pub place: Place,
    keeper: Child,
    runtime: Runtime,
    channel: Channel,
    shim: PathBuf,
    _turn: Turn,
}

/// What a call came to: the reply's text, or what was thrown, or the status.
pub type Answer = Result<(Outcome, v1::Usage), Box<Status>>;

impl Turn {
    fn shared() -> Self {
        Self::Shared { _guard: QUIET.read().unwrap_or_else(PoisonError::into_inner) }
    }

    fn alone() -> Self {
        Self::Alone { _guard: QUIET.write().unwrap_or_else(PoisonError::into_inner) }
    }
}

impl Host {
    /// A daemon with the engine, tenants `acme` and `beta`, and `more` lines in its file.
    pub fn new(more: &str) -> Self {
        Self::with_shim(more, program("skep-shim"), Turn::shared())
    }

    /// The same, whose log goes elsewhere.
    pub fn with_output(more: &str, output: Output) -> Self {
        let place = Place::new();
        let (group, room) = (format!("/{}", place.name), Room::of(&place));
        let shim = program("skep-shim");
        Self::begin_with(place, &group, more, room, shim, Turn::shared(), output)
    }

    /// The same, while no other host runs.
    pub fn alone() -> Self {
        Self::with_shim("", program("skep-shim"), Turn::alone())
    }

    /// The same with native hostile programs in place of the engine.
    pub fn hostile(more: &str) -> Self {
        Self::with_shim(more, program("hostile-shim"), Turn::shared())
    }

    /// The same, while no other host runs.
    pub fn hostile_alone() -> Self {
        Self::with_shim("", program("hostile-shim"), Turn::alone())
    }

    /// The same with this program in place of the engine.
    pub fn with_program(shim: PathBuf) -> Self {
        Self::with_shim("", shim, Turn::shared())
    }

    /// A daemon with room for thousands of instances, and tenants without a ceiling.
    pub fn roomy(more: &str) -> Self {
        let place = Place::new();
        let group = format!("/{}", place.name);
        let room = Room { first_id: place.first_of_many, ids: 8000, ceiling: "" };
        // Thousands are deployed and looked at in a row.
        let more = &format!("{more}\n[rates]\ndeploy = \"open\"\nothers = \"open\"\n");
        Self::begin(place, &group, more, room, program("skep-shim"), Turn::shared())
    }

    /// A daemon with so few identities, of which a tenant may have half, and no spares.
    pub fn cramped(ids: u32) -> Self {
        let place = Place::new();
        let (group, room) = (format!("/{}", place.name), Room { ids, ..Room::of(&place) });
        let pool = "[pool]\nspare_floor = 0\nspare_ceiling = 0\n";
        Self::begin(place, &group, pool, room, program("skep-shim"), Turn::shared())
    }

    /// A daemon with `cgroup = "auto"`, started inside a group of its own as an init system does.
    /// Whoever calls removes that group.
    pub fn in_own_group() -> Self {
        let place = Place::new();
        for top in skepd::cgroup::Hierarchies::detect().unwrap().tops() {
            fs::create_dir(top.join(&place.name)).unwrap();
        }
        let room = Room::of(&place);
        Self::begin(place, "auto", "", room, program("skep-shim"), Turn::shared())
    }

    fn with_shim(more: &str, shim: PathBuf, turn: Turn) -> Self {
        let place = Place::new();
        let group = format!("/{}", place.name);
        let room = Room::of(&place);
        Self::begin(place, &group, more, room, shim, turn)
    }

    fn begin(place: Place, group: &str, more: &str, room: Room, shim: PathBuf, turn: Turn) -> Self {
        Self::begin_with(place, group, more, room, shim, turn, Output::File)
    }

    fn begin_with(
        place: Place,
        group: &str,
        more: &str,
        room: Room,
        shim: PathBuf,
        turn: Turn,
        output: Output,
    ) -> Self {
        let folder = place.folder.display();
        let Room { first_id, ids, ceiling } = room;
        let text = format!(
            "socket = \"{folder}/skep.sock\"\nstate = \"{folder}/state\"\n\
             shim = \"{}\"\ncgroup = \"{group}\"\nlog = \"info\"\n{more}\n\
             [ids]\nfirst = {first_id}\ncount = {ids}\n\
             [[tenants]]\nname = \"acme\"\n{ceiling}\
             [[tenants]]\nname = \"beta\"\n{ceiling}\
             [[callers]]\nuid = 0\nadmin = true\ntenants = [\"*\"]\n\
             [[callers]]\nuid = 65533\ntenants = [\"beta\"]\n",
            shim.display(),
        );
        fs::write(place.folder.join("skepd.toml"), text).unwrap();
        let runtime = Runtime::new().unwrap();
        let keeper = Self::keeper(&place, group == "auto", output);
        let channel = {
            let _inside = runtime.enter();
            let socket = place.folder.join("skep.sock");
            Endpoint::from_shared(format!("unix://{}", socket.display())).unwrap().connect_lazy()
        };
        let mut host = Self { place, keeper, runtime, channel, shim, _turn: turn };
        host.await_serving();
        host
    }

    fn keeper(place: &Place, inside: bool, output: Output) -> Child {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(place.folder.join("log"))
            .unwrap();
        let (log, close) = match output {
            Output::File => (Stdio::from(log), ""),
            Output::Other(other) => (other, ""),
            Output::Closed => (Stdio::null(), " 2>&-"),
        };
        // A shell enters the groups, then becomes the keeper.
        let script = format!(
            "for group; do echo $$ > $group/cgroup.procs || exit 1; done; \
             exec $0 --config $FILE{close}"
        );
        let tops = skepd::cgroup::Hierarchies::detect().unwrap();
        let groups = tops.tops().map(|top| top.join(&place.name));
        Command::new("sh")
            .args(["-c", &script])
            .arg(program("skepd"))
            .args(groups.filter(|_| inside))
            .env("FILE", place.folder.join("skepd.toml"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    fn await_serving(&mut self) {
        until("the daemon serves", || {
            if let Some(ended) = self.keeper.try_wait().unwrap() {
                panic!("skepd ended: {ended}\n{}", self.log());
            }
            self.apps("acme").is_ok()
        });
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        let mut text = String::new();
        fs::File::open(self.place.folder.join("log")).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    /// The program of its instances.
    pub fn shim(&self) -> &PathBuf {
        &self.shim
    }

    /// The keeper's process.
    pub fn keeper_process(&self) -> Process {
        Process(i32::try_from(self.keeper.id()).unwrap())
    }

    fn children_of_keeper(&self, word: &str) -> Vec<Process> {
        let keeper = self.keeper.id().to_string();
        let mut found = all_processes();
        found.retain(|process| {
            let text = fs::read_to_string(process.path("cmdline")).unwrap_or_default();
            text.contains(word) && process.alive() && process.stat(4) == keeper
        });
        found
    }

    fn child_of_keeper(&self, word: &str) -> Process {
        let found = self.children_of_keeper(word);
        *found.first().unwrap_or_else(|| panic!("no {word} below the keeper"))
    }

    /// The daemon's process.
    pub fn daemon_process(&self) -> Process {
        self.child_of_keeper("--role\0daemon")
    }

    /// The zygote, where there is one.
    pub fn zygote_process(&self) -> Process {
        self.child_of_keeper("skep-shim\0zygote")
    }

    /// All zygotes.
    pub fn zygotes(&self) -> Vec<Process> {
        self.children_of_keeper("skep-shim\0zygote")
    }

    /// Sends the keeper a signal and waits for its end; its exit code, or 128 and the signal.
    pub fn stop(&mut self, signal: Signal) -> i32 {
        kill(Pid::from_raw(i32::try_from(self.keeper.id()).unwrap()), signal).unwrap();
        self.await_end()
    }

    /// Waits for the keeper's end; its exit code, or 128 and the signal.
    pub fn await_end(&mut self) -> i32 {
        use std::os::unix::process::ExitStatusExt as _;
        let mut status = None;
        until("the keeper ends", || {
            status = self.keeper.try_wait().unwrap();
            status.is_some()
        });
        let status = status.unwrap();
        status.code().unwrap_or_else(|| 128 + status.signal().unwrap())
    }

    /// Starts it again, and waits for nothing.
    pub fn begin_again(&mut self) {
        self.keeper = Self::keeper(&self.place, false, Output::File);
    }

    /// Starts it again, with the same configuration and state.
    pub fn start_again(&mut self) {
        self.keeper = Self::keeper(&self.place, false, Output::File);
        self.await_serving();
    }

    fn call<T>(
        &self,
        future: impl Future<Output = Result<tonic::Response<T>, Status>>,
    ) -> Result<T, Box<Status>> {
        self.runtime.block_on(future).map(tonic::Response::into_inner).map_err(Box::new)
    }

    /// Deploys one module as `index.js`.
    pub fn deploy(
        &self,
        tenant: &str,
        app: &str,
        source: &str,
        change: impl FnOnce(&mut v1::DeployRequest),
    ) -> Result<v1::DeployResponse, Box<Status>> {
        let mut request = Self::deploy_request(tenant, app, source);
        change(&mut request);
        let mut client = AppsClient::new(self.channel.clone());
        self.call(client.deploy(request))
    }

    /// A deploy of one module as a message.
    pub fn deploy_request(tenant: &str, app: &str, source: &str) -> v1::DeployRequest {
        v1::DeployRequest {
            tenant: tenant.to_owned(),
            app: app.to_owned(),
            files: vec![v1::SourceFile {
                path: "index.js".to_owned(),
                content: source.as_bytes().to_vec().into(),
                link: String::new(),
            }],
            limits: Some(v1::AppLimits::default()),
            ..v1::DeployRequest::default()
        }
    }

    /// A client for deploys from async code.
    pub fn apps_client(&self) -> AppsClient<Channel> {
        AppsClient::new(self.channel.clone())
    }

    /// Memory that the books hold for the instances of a tenant.
    pub fn memory_reserved(&self, tenant: &str) -> u64 {
        let mut client = QuotasClient::new(self.channel.clone());
        let request = v1::GetQuotaRequest { tenant: tenant.to_owned(), app: String::new() };
        self.call(client.get(request)).unwrap().memory_reserved_bytes
    }

    /// Bytes that the daemon keeps for a tenant.
    pub fn memory_kept(&self, tenant: &str) -> u64 {
        let mut client = QuotasClient::new(self.channel.clone());
        let request = v1::GetQuotaRequest { tenant: tenant.to_owned(), app: String::new() };
        self.call(client.get(request)).unwrap().memory_kept_bytes.unwrap()
    }

    /// The bill of a tenant, or of an app.
    pub fn bill(&self, tenant: &str, app: &str) -> v1::UsageResponse {
        let mut client = QuotasClient::new(self.channel.clone());
        let request = v1::UsageRequest { tenant: tenant.to_owned(), app: app.to_owned() };
        self.call(client.usage(request)).unwrap()
    }

    /// Calls of an app, or with none of the tenant, that are charged.
    pub fn running(&self, tenant: &str, app: &str) -> u32 {
        let mut client = QuotasClient::new(self.channel.clone());
        let request = v1::GetQuotaRequest { tenant: tenant.to_owned(), app: app.to_owned() };
        self.call(client.get(request)).unwrap().running
    }

    /// A call as a message.
    pub fn request(tenant: &str, app: &str, function: &str, payload: &[u8]) -> v1::InvokeRequest {
        v1::InvokeRequest {
            tenant: tenant.to_owned(),
            app: app.to_owned(),
            function: function.to_owned(),
            payload: payload.to_vec().into(),
            encoding: v1::Encoding::Unspecified.into(),
            timeout_ms: None,
            ..v1::InvokeRequest::default()
        }
    }

    /// Sends one call.
    pub fn send(&self, request: impl tonic::IntoRequest<v1::InvokeRequest>) -> Answer {
        let mut client = InvocationsClient::new(self.channel.clone());
        let response = self.call(client.invoke(request.into_request()))?;
        Ok((response.outcome.unwrap(), response.usage.unwrap()))
    }

    /// Calls a function of `acme` with JSON.
    pub fn invoke(&self, app: &str, function: &str, event: &str) -> Answer {
        self.send(Self::request("acme", app, function, event.as_bytes()))
    }

    /// The reply's text of a call of `acme` that must work.
    #[track_caller]
    pub fn reply(&self, app: &str, function: &str, event: &str) -> String {
        match self.invoke(app, function, event).unwrap().0 {
            Outcome::Reply(reply) => String::from_utf8(reply.payload.to_vec()).unwrap(),
            Outcome::Thrown(thrown) => panic!("thrown: {thrown:?}"),
        }
    }

    /// A client for calls from async code.
    pub fn client(&self) -> InvocationsClient<Channel> {
        InvocationsClient::new(self.channel.clone())
    }

    /// Runs async code.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// The apps of a tenant.
    pub fn apps(&self, tenant: &str) -> Result<Vec<v1::App>, Box<Status>> {
        let mut client = AppsClient::new(self.channel.clone());
        let request = v1::ListAppsRequest { tenant: tenant.to_owned() };
        self.call(client.list(request)).map(|response| response.apps)
    }

    /// Removes an app.
    pub fn remove(&self, tenant: &str, app: &str) -> Result<(), Box<Status>> {
        let mut client = AppsClient::new(self.channel.clone());
        let request = v1::RemoveRequest { tenant: tenant.to_owned(), app: app.to_owned() };
        self.call(client.remove(request)).map(drop)
    }

    /// The instances of a tenant.
    pub fn instances(&self, tenant: &str) -> Vec<v1::Instance> {
        let mut client = HostClient::new(self.channel.clone());
        let request = v1::InstancesRequest { tenant: tenant.to_owned() };
        self.call(client.instances(request)).unwrap().instances
    }

    /// The instances of an app in a state.
    pub fn instances_in(&self, app: &str, state: &str) -> Vec<v1::Instance> {
        let mut all = self.instances("acme");
        all.retain(|instance| instance.app == app && instance.state == state);
        all
    }

    /// Sets the rate of the tenant acme.
    pub fn set_rate(&self, rps: u32, burst: Option<u32>) {
        let rate = Some(v1::Rates { rps: Some(rps), burst });
        let quota = Some(v1::Quota { rate, ..v1::Quota::default() });
        let tenant = "acme".to_owned();
        self.set_quota(v1::SetQuotaRequest { tenant, quota, ..Default::default() }).unwrap();
    }

    /// Sets a quota.
    pub fn set_quota(
        &self,
        request: v1::SetQuotaRequest,
    ) -> Result<v1::SetQuotaResponse, Box<Status>> {
        let mut client = QuotasClient::new(self.channel.clone());
        self.call(client.set(request))
    }

    /// Whether health says that it serves.
    pub fn serving(&self) -> bool {
        let mut client = HealthClient::new(self.channel.clone());
        let request = HealthCheckRequest { service: String::new() };
        let status = self.call(client.check(request)).map(|response| response.status());
        status.is_ok_and(|status| status == ServingStatus::Serving)
    }

    /// What doctor finds, by name.
    pub fn doctor(&self) -> BTreeMap<String, v1::Finding> {
        let mut client = HostClient::new(self.channel.clone());
        let response = self.call(client.doctor(v1::DoctorRequest {})).unwrap();
        response.findings.into_iter().map(|finding| (finding.name.clone(), finding)).collect()
    }

    /// Bytes of sources, bytecode and console lines in the daemon's memory, and how many there may be.
    pub fn kept(&self) -> (u64, u64) {
        let mut client = HostClient::new(self.channel.clone());
        let answer = self.call(client.budget(v1::BudgetRequest {})).unwrap();
        (answer.kept_bytes, answer.kept_most_bytes)
    }

    /// What the budget of a level and name holds: used now, at most so far, and at most at all.
    pub fn budget(&self, level: &str, name: &str) -> (u64, u64, u64) {
        let mut client = HostClient::new(self.channel.clone());
        let uses = self.call(client.budget(v1::BudgetRequest {})).unwrap().uses;
        let found = uses.iter().find(|one| one.level == level && one.name == name);
        found.map_or((0, 0, 0), |one| (one.used_bytes, one.peak_bytes, one.most_bytes))
    }

    /// The console lines of an app of `acme`.
    pub fn logs(&self, app: &str) -> Vec<v1::LogLine> {
        let mut client = AppsClient::new(self.channel.clone());
        let request =
            v1::LogsRequest { tenant: "acme".into(), app: app.into(), after: 0, limit: 0 };
        self.call(client.logs(request)).unwrap().lines
    }

    /// Processes with a uid of its range: the daemon, zygotes, instances.
    fn processes(&self) -> Vec<(Process, u32)> {
        let ids = self.place.first_id..self.place.first_id + 1000;
        let uid = |process: Process| {
            let text = fs::read_to_string(process.path("status")).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix("Uid:"))?;
            let uid = line.split_whitespace().next()?.parse().ok()?;
            Some((process, uid))
        };
        let living = all_processes().into_iter().filter(|process| process.alive());
        living.filter_map(uid).filter(|(_, uid)| ids.contains(uid)).collect()
    }

    /// How much of everything it holds: processes, uids, control groups, mounts, namespaces, and
    /// descriptors of keeper, daemon and zygote.
    pub fn census(&self) -> BTreeMap<&'static str, usize> {
        let processes = self.processes();
        let uids: BTreeSet<u32> = processes.iter().map(|(_, uid)| *uid).collect();
        let links = |process: Process, folder: &str| -> Vec<String> {
            let entries = fs::read_dir(process.path(folder)).into_iter().flatten().flatten();
            let targets = entries.filter_map(|entry| fs::read_link(entry.path()).ok());
            targets.map(|target| target.display().to_string()).collect()
        };
        let mut namespaces = BTreeSet::new();
        for (process, _) in &processes {
            namespaces.extend(links(*process, "ns"));
            // Those made ahead are only held open.
            namespaces
                .extend(links(*process, "fd").into_iter().filter(|it| it.starts_with("net:[")));
        }
        let tops = skepd::cgroup::Hierarchies::detect().unwrap();
        let groups = tops.tops().map(|top| folders(&top.join(&self.place.name))).sum();
        let fds = |process: Process| links(process, "fd").len();
        BTreeMap::from([
            ("processes", processes.len()),
            ("uids", uids.len()),
            ("groups", groups),
            ("mounts", fs::read_to_string("/proc/self/mountinfo").unwrap().lines().count()),
            ("namespaces", namespaces.len()),
            ("descriptors of the keeper", fds(self.keeper_process())),
            ("descriptors of the daemon", fds(self.daemon_process())),
            ("descriptors of the zygote", self.zygotes().into_iter().map(fds).sum()),
        ])
    }

    /// Everything of it that is still on the machine: processes by their uid (and with them their
    /// namespaces and descriptors), groups, mounts, sockets.
    pub fn remains(&self) -> Vec<String> {
        let processes = self.processes();
        let mut found: Vec<String> = processes
            .into_iter()
            .map(|(process, uid)| format!("process {} of uid {uid}", process.0))
            .collect();
        let hierarchies = skepd::cgroup::Hierarchies::detect().unwrap();
        for top in hierarchies.tops() {
            let group = top.join(&self.place.name);
            found.extend(group.exists().then(|| group.display().to_string()));
        }
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        found.extend(mounts.lines().filter(|line| line.contains("skep ")).map(str::to_owned));
        let socket = self.place.folder.join("skep.sock");
        found.extend(socket.exists().then(|| socket.display().to_string()));
        found
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // A second panic would end all tests. Nothing is lost: the next start cleans up.
            let _ = kill(Pid::from_raw(self.keeper_process().0), Signal::SIGTERM);
            let _ = self.keeper.wait();
        } else if self.keeper.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.stop(Signal::SIGTERM);
        }
        for top in skepd::cgroup::Hierarchies::detect()
            .into_iter()
            .flat_map(|all| all.tops().map(Path::to_owned).collect::<Vec<_>>())
        {
            remove(&top.join(&self.place.name));
        }
        if std::thread::panicking() {
            eprintln!("--- the daemon's log ---\n{}", self.log());
        }
    }
}

/// Removes a control group with all below it, killing what is still in it; best effort.
fn remove(group: &Path) {
    let _ = fs::write(group.join("cgroup.kill"), "1");
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove(&entry.path());
        }
    }
    let _ = fs::remove_dir(group);
}

/// Folders at and below a path.
fn folders(path: &Path) -> usize {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let below = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    usize::from(path.exists()) + below.map(|entry| folders(&entry.path())).sum::<usize>()
}

/// Every process of the machine.
pub fn all_processes() -> Vec<Process> {
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok().map(Process))
        .collect()
}

/// Expects a failure with that code and reason, and gives its status.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(
    answer: Result<T, Box<Status>>,
    code: Code,
    reason: &str,
) -> Status {
    let status = *answer.unwrap_err();
    let found = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    assert_eq!((status.code(), found.as_str()), (code, reason), "{status:?}");
    status
}

/// The bill in the details of a failure.
#[track_caller]
pub fn bill_of(status: &Status) -> v1::Usage {
    let details = tonic_types::pb::Status::decode(status.details()).unwrap().details;
    let bill = details.iter().find(|detail| detail.type_url.ends_with("/skep.v1.Usage"));
    v1::Usage::decode(bill.expect("a bill").value.as_slice()).unwrap()
}

/// The text of a reply.
#[track_caller]
pub fn text(answer: Answer) -> String {
    match answer.unwrap().0 {
        Outcome::Reply(reply) => String::from_utf8_lossy(&reply.payload).into_owned(),
        Outcome::Thrown(thrown) => panic!("thrown: {thrown:?}"),
    }
}

/// How long tests wait, for those that only have a host.
pub fn long() -> Duration {
    patience()
}
