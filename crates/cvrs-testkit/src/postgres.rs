//! A PostgreSQL server for a test, if the machine has the programs.
#![expect(clippy::disallowed_methods, reason = "programs are looked for in PATH")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A server of its own, stopped and removed in the end.
#[derive(Debug)]
pub struct Throwaway {
    folder: tempfile::TempDir,
    programs: PathBuf,
    is_root: bool,
}

/// Where `initdb` and `pg_ctl` are.
fn programs() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.filter_map(|version| Some(version.ok()?.path().join("bin"))));
    }
    folders.into_iter().find(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists())
}

impl Throwaway {
    fn run(&self, program: &str, words: &[&str]) -> bool {
        // A server refuses to run as root.
        let path = self.programs.join(program);
        let mut command = if self.is_root {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.args(words).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// Makes a cluster in a folder of its own and starts it; reached by a socket in that folder alone.
    ///
    /// # Errors
    /// Why there is none on this machine, in words that end a sentence.
    pub fn start() -> Result<Self, &'static str> {
        let server = Self::make()?;
        server.launch("-c listen_addresses=''").map(|()| server)
    }

    /// The same, reached at a port of 127.0.0.1 too, and there under TLS alone, with this certificate and key (PEM).
    ///
    /// # Errors
    /// Why there is none on this machine, in words that end a sentence.
    pub fn start_encrypted(certificate: &str, key: &str) -> Result<(Self, u16), &'static str> {
        let server = Self::make()?;
        let data = server.folder.path().join("data");
        let access = "local all all trust\nhostssl all all 127.0.0.1/32 trust\nhostnossl all all 127.0.0.1/32 reject\n";
        for (name, text) in [("server.crt", certificate), ("server.key", key), ("pg_hba.conf", access)] {
            let path = data.join(name);
            std::fs::write(&path, text).map_err(|_| "its files cannot be written")?;
            #[cfg(unix)]
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
                .map_err(|_| "its files cannot be protected")?;
            if server.is_root && !Command::new("chown").arg("postgres").arg(&path).status().is_ok_and(|s| s.success()) {
                return Err("as root a user postgres is needed");
            }
        }
        let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(|_| "there is no free port")?;
        let port = listener.local_addr().map_err(|_| "there is no free port")?.port();
        drop(listener);
        server.launch(&format!("-c listen_addresses=127.0.0.1 -c port={port} -c ssl=on")).map(|()| (server, port))
    }

    /// Makes a cluster in a folder of its own.
    fn make() -> Result<Self, &'static str> {
        let programs = programs().ok_or("there is no PostgreSQL on this machine")?;
        let folder = tempfile::Builder::new().prefix("cvrs-pg").tempdir_in("/tmp").map_err(|_| "no folder")?;
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
        let server = Self { folder, programs, is_root };
        let path = server.folder.path().to_owned();
        if is_root && !Command::new("chown").arg("postgres").arg(&path).status().is_ok_and(|status| status.success()) {
            return Err("as root a user postgres is needed");
        }
        let data = path.join("data").display().to_string();
        if !server.run("initdb", &["-D", &data, "-U", "app", "-A", "trust", "-E", "UTF8", "--no-sync"]) {
            return Err("initdb fails");
        }
        Ok(server)
    }

    fn launch(&self, options: &str) -> Result<(), &'static str> {
        let path = self.folder.path();
        let options = format!("{options} -c unix_socket_directories={} -c fsync=off", path.display());
        let (data, log) = (path.join("data").display().to_string(), path.join("log").display().to_string());
        if self.run("pg_ctl", &["-D", &data, "-l", &log, "-w", "-t", "30", "-o", &options, "start"]) {
            Ok(())
        } else {
            Err("pg_ctl cannot start a server")
        }
    }

    /// Where it is reached.
    pub fn url(&self) -> String {
        let host: &Path = self.folder.path();
        format!("postgres://app@%2F{}/postgres", host.display().to_string().trim_start_matches('/').replace('/', "%2F"))
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        let data = self.folder.path().join("data").display().to_string();
        self.run("pg_ctl", &["-D", &data, "-m", "immediate", "-w", "stop"]);
    }
}
