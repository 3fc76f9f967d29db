//! `cvrs client`.

use crate::args::{AddClient, Client, ClientAction, Common, ListClients, RevokeClient};
use crate::fault::{Exit, Fault, Result};
use crate::terminal;
use cvrs_server::{AccountError, ClientEntry, add_client, clients_of, revoke_client};
use std::io::Write;

pub(crate) fn run(args: &Client, common: &Common) -> Result<Exit> {
    match &args.action {
        ClientAction::Add(add) => self::add(add, common),
        ClientAction::List(list) => self::list(list),
        ClientAction::Revoke(revoke) => self::revoke(revoke, common),
    }
}

/// What is wrong with a file of clients: unreadable is a matter of files, else of configuration.
pub(crate) fn fault(error: &AccountError) -> Fault {
    if error.is_unreadable() { Fault::file(error.to_string()) } else { Fault::usage(error.to_string()) }
}

fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| Fault::stdout(&error))
}

fn add(args: &AddClient, common: &Common) -> Result<Exit> {
    let names_none =
        !(args.write_redacted || args.write_non_redacted || args.write_object_storage || args.validate_only);
    let entry = ClientEntry {
        id: args.id.clone(),
        secret_hash: None,
        secret_file: None,
        jurisdiction: args.jurisdiction.clone(),
        scopes: args.scope.clone(),
        write_redacted: args.write_redacted || names_none,
        write_non_redacted: args.write_non_redacted || names_none,
        write_object_storage: args.write_object_storage || names_none,
        validate_only: args.validate_only,
        may_act_for: args.may_act_for.clone(),
    };
    let secret = add_client(&args.clients, &entry).map_err(|error| fault(&error))?;
    print(&format!("{secret}\n"))?;
    if !common.quiet {
        terminal::note("this is the client's secret; it is not kept anywhere and cannot be shown again");
    }
    Ok(Exit::Done)
}

fn list(args: &ListClients) -> Result<Exit> {
    let clients = clients_of(&args.clients).map_err(|error| fault(&error))?;
    let mut text = String::from("id\tjurisdiction\tscopes\twrites\tmay act for\n");
    for client in clients {
        let scopes: Vec<&str> = client.scopes.iter().map(|scope| scope.name()).collect();
        // An account that only validates writes nothing, whatever else is said of it.
        let writes = !client.validate_only;
        let flags = [
            (client.write_redacted && writes, "redacted"),
            (client.write_non_redacted && writes, "non-redacted"),
            (client.write_object_storage && writes, "object storage"),
            (client.validate_only, "nothing (validate only)"),
        ];
        let writes: Vec<&str> = flags.iter().filter(|(is_on, _)| *is_on).map(|(_, name)| *name).collect();
        text +=
            &[&*client.id, &client.jurisdiction, &scopes.join(","), &writes.join(","), &client.may_act_for.join(",")]
                .join("\t");
        text.push('\n');
    }
    print(&text)?;
    Ok(Exit::Done)
}

fn revoke(args: &RevokeClient, common: &Common) -> Result<Exit> {
    if !revoke_client(&args.clients, &args.id).map_err(|error| fault(&error))? {
        return Err(Fault::usage(format!("{}: no client {:?}", args.clients.display(), args.id)));
    }
    if !common.quiet {
        terminal::note(&format!("client {:?} is gone; a running server refuses its tokens from now on", args.id));
    }
    Ok(Exit::Done)
}
