//! The certificate of the server and its key: read from files, and exchanged while the server runs.

use std::fs::Metadata;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::base::mutex::locked;
use crate::base::{log, regular_file};

/// The largest file that is read: a chain of certificates has a few kilobytes.
const LARGEST_FILE: u64 = 1024 * 1024;

/// The permissions of others and of the group to read, write or execute.
const OF_OTHERS: u32 = 0o007;

/// The files of a certificate, and what was read from them last.
#[derive(Debug)]
pub struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
    seen: Mutex<[FileVersion; 2]>,
}

/// What changes when a file is written or replaced: its number, and when it was written last. `None` if it is not there.
type FileVersion = Option<(u64, i64, i64)>;

impl Certificate {
    /// Reads a chain of certificates in PEM, the server's own first, and its key (PKCS#8, PKCS#1 or SEC1). Fails with the file and what is
    /// wrong with it.
    pub fn read(certificate: &Path, key: &Path) -> Result<Arc<Certificate>, String> {
        let provider = Arc::new(ring::default_provider());
        let seen = Mutex::new([version(certificate), version(key)]);
        let current = RwLock::new(Arc::new(certified_key(certificate, key, &provider)?));
        Ok(Arc::new(Certificate { certificate: certificate.to_owned(), key: key.to_owned(), provider, current, seen }))
    }

    /// Returns how TLS is spoken with this certificate, whichever it is at the time.
    pub fn server_config(self: &Arc<Certificate>) -> Result<Arc<ServerConfig>, String> {
        server_config(self.provider.clone(), self.clone())
    }

    /// Reads the files again. Handshakes that begin from now on get what is in them; if that is not good, they get what they had before.
    pub fn reload(&self) -> Result<(), String> {
        *locked(&self.seen) = [version(&self.certificate), version(&self.key)];
        let read = Arc::new(certified_key(&self.certificate, &self.key, &self.provider)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }

    /// Returns whether a file has changed since it was read last.
    pub fn has_changed(&self) -> bool {
        *locked(&self.seen) != [version(&self.certificate), version(&self.key)]
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// Returns how TLS is spoken with the certificates of a resolver: TLS 1.2 and 1.3, and in it HTTP/1.1.
pub fn server_config(provider: Arc<CryptoProvider>, certificates: Arc<dyn ResolvesServerCert>) -> Result<Arc<ServerConfig>, String> {
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder.map_err(|error| error.to_string())?.with_no_client_auth().with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn version(path: &Path) -> FileVersion {
    std::fs::metadata(path).ok().map(|found| (found.ino(), found.mtime(), found.mtime_nsec()))
}

fn certified_key(certificate: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey, String> {
    let (chain, _) = pem(certificate)?;
    let chain = CertificateDer::pem_slice_iter(&chain).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| format!("{}: this is no PEM: {error}", certificate.display()))?;
    if chain.is_empty() {
        return Err(format!("{}: there is no certificate in it (PEM, `BEGIN CERTIFICATE`)", certificate.display()));
    }
    let (text, metadata) = pem(key)?;
    let private = PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
        format!("{}: there is no private key in it that can be used (PEM, without a password: `BEGIN PRIVATE KEY`): {error}", key.display())
    })?;
    let private = provider.key_provider.load_private_key(private);
    let private = private.map_err(|error| format!("{}: this private key cannot be used: {error}", key.display()))?;
    let certified = CertifiedKey::new(chain, private);
    match certified.keys_match() {
        Ok(()) => {}
        Err(rustls::Error::InconsistentKeys(_)) => {
            return Err(format!("{}: this is not the key of the first certificate in {}", key.display(), certificate.display()));
        }
        Err(error) => return Err(format!("{}: the first certificate in it cannot be used: {error}", certificate.display())),
    }
    if metadata.mode() & OF_OTHERS != 0 {
        log::warn("others can read the private key: take that from them (chmod o-rwx)", &[("file", key.display().to_string().into())]);
    }
    Ok(certified)
}

fn pem(path: &Path) -> Result<(Vec<u8>, Metadata), String> {
    let read = || {
        let file = regular_file::open(path)?;
        let metadata = file.metadata()?;
        let mut bytes = Vec::new();
        file.take(LARGEST_FILE).read_to_end(&mut bytes)?;
        Ok((bytes, metadata))
    };
    read().map_err(|error: std::io::Error| format!("{}: {error}", path.display()))
}
