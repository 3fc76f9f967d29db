//! `cvrs serve`.

mod demo;
mod ending;

use super::client;
use crate::args::{Common, LogFormat, Serve};
use crate::fault::{Exit, Fault, Result};
use crate::terminal;
use cvrs_server::{Config, Faults, Limits, Server, StartError, Tls, router, serve};
use ending::Ending;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpSocket};

pub(crate) fn run(args: &Serve, common: &Common) -> Result<Exit> {
    if !args.listen.ip().is_loopback() && args.tls_cert.is_none() && !common.quiet {
        terminal::note("secrets and records cross the network in the clear; --tls-cert and --tls-key encrypt them");
    }
    start_log(args.log_format);
    let demo = args.demo.then(|| demo::prepare(&args.data, args.clients.as_deref())).transpose()?;
    let config = config(args, common, demo.as_ref())?;
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(cert), Some(key)) => {
            Some(Tls::open(cert, key, args.client_ca.as_deref()).map_err(|error| Fault::file(error.to_string()))?)
        }
        _ => None,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(config.threads.clamp(1, 8))
        .build()
        .map_err(|error| Fault::file(format!("cannot start: {error}")))?;
    let served = runtime.block_on(listen(args, common, config, tls, demo));
    // A thread that waits for a client that has gone must not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    served
}

fn config(args: &Serve, common: &Common, demo: Option<&demo::Demo>) -> Result<Config> {
    let clients = match (&args.clients, demo) {
        (Some(clients), _) => clients.clone(),
        (None, Some(demo)) => demo.clients.clone(),
        (None, None) => return Err(Fault::usage("--clients FILE is needed, or --demo")),
    };
    let mut config = Config::new(&args.data, clients);
    config.database_url.clone_from(&args.database_url);
    config.limits = Limits {
        body_bytes: args.max_body,
        text_bytes: args.max_text,
        ratio: args.max_ratio,
        body_seconds: args.body_timeout,
        ..Limits::default()
    };
    config.reply_budget = args.reply_budget;
    config.async_ok = args.async_status == "200";
    config.full_deletes = args.full_delete_validation;
    config.status_page = !args.no_status_page && (args.status_page || args.listen.ip().is_loopback());
    config.today = args.today;
    config.threads = common.threads.map_or(config.threads, usize::from);
    let seed = args.fault_seed.unwrap_or_else(|| uuid::Uuid::new_v4().as_u128() as u64);
    config.faults = Faults::new(&args.fault, seed);
    Ok(config)
}

fn start_log(format: LogFormat) {
    // What our own crates say, from `info` on; others only from `warn` on.
    let filter = tracing_subscriber::filter::Targets::new()
        .with_default(tracing::Level::WARN)
        .with_target("cvrs_server", tracing::Level::INFO);
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::util::SubscriberInitExt;
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let _ = match format {
        LogFormat::Off => return,
        LogFormat::Text => registry.with(layer.with_ansi(false)).try_init(),
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init(),
    };
}

fn start_fault(error: &StartError) -> Fault {
    match error {
        StartError::Accounts(error) => client::fault(error),
        StartError::Unsupported(message) => Fault::usage(message),
        other => Fault::file(other.to_string()),
    }
}

/// So many connections may wait to be accepted; the system may allow fewer. One that finds no place is tried again by
/// its client after a second.
const BACKLOG: u32 = 4096;

fn bound_listener(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Elsewhere it would let two servers share an address.
    if cfg!(unix) {
        socket.set_reuseaddr(true)?;
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn listen(
    args: &Serve,
    common: &Common,
    config: Config,
    tls: Option<Tls>,
    demo: Option<demo::Demo>,
) -> Result<Exit> {
    let mut ending = Ending::listen().map_err(|error| Fault::file(format!("cannot start: {error}")))?;
    let bound = async {
        let listener = bound_listener(args.listen)?;
        let address = listener.local_addr()?;
        Ok::<(TcpListener, SocketAddr), std::io::Error>((listener, address))
    };
    let (listener, address) =
        bound.await.map_err(|error| Fault::file(format!("cannot listen at {}: {error}", args.listen)))?;
    let limits = config.limits;
    let opened = tokio::task::spawn_blocking(move || Server::open(config)).await;
    let opened = opened.map_err(|error| Fault::file(format!("cannot start: {error}")))?;
    let server = opened.map_err(|error| start_fault(&error))?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let base = format!("{scheme}://{address}");
    if !common.quiet {
        terminal::note(&format!("the clearinghouse listens at {base}; Ctrl-C ends it"));
    }
    if let Some(demo) = demo {
        demo.tell(&base)?;
    }
    let ended = serve(listener, router(Arc::clone(&server)), tls, limits, ending.asked()).await;
    let finished = ended.map_err(|error| Fault::file(format!("cannot listen at {}: {error}", args.listen)))?;
    if !finished && !common.quiet {
        terminal::note("some calls did not end in two minutes and were broken off");
    }
    let stopped = tokio::task::spawn_blocking(move || server.stop()).await;
    stopped.map_err(|error| Fault::file(format!("cannot stop: {error}")))?;
    Ok(if ending.interrupted() { Exit::Interrupted } else { Exit::Done })
}
