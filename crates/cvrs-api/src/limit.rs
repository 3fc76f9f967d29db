//! Limits that the clearinghouse names.

/// Records in one upload at most.
pub const MAX_RECORDS: u64 = 200_000;
/// A body of that many bytes or more is refused.
pub const MAX_BODY_BYTES: u64 = 150_000_000;
/// How long a token lives, in seconds.
pub const TOKEN_SECONDS: i64 = 15 * 60;
/// How long after its first generation a token can be refreshed, in seconds.
pub const REFRESH_SECONDS: i64 = 24 * 60 * 60;
/// Token calls a minute for one client.
pub const TOKEN_CALLS_A_MINUTE: u32 = 60;
/// Failed token calls in a minute after which a client is locked for a minute.
pub const TOKEN_FAILURES_A_MINUTE: u32 = 10;
/// Characters of a whole reply beyond which its lists are cut.
pub const REPLY_BUDGET: usize = 4_000;
