//! TLS as the user wants it: whom to trust, and who we are.

use std::path::Path;
use std::sync::Arc;

use hyper_rustls::ConfigBuilderExt;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::target::TlsFiles;

/// The configuration for connections that `files` describe. The error is a sentence.
///
/// It takes longer than all the rest of a short run, so it is made where TLS is spoken.
pub(super) fn config(files: &TlsFiles) -> Result<ClientConfig, String> {
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?;
    let builder = match &files.authorities {
        None => builder
            .with_native_roots()
            .map_err(|error| format!("cannot read the system's trusted certificates: {error}"))?,
        Some(path) => builder.with_root_certificates(authorities(path)?),
    };
    match &files.identity {
        None => Ok(builder.with_no_client_auth()),
        Some((certificate, key)) => {
            let chain = certificates(certificate)?;
            let read = PrivateKeyDer::from_pem_file(key)
                .map_err(|error| format!("cannot read the client's key {}: {error}", key.display()))?;
            builder.with_client_auth_cert(chain, read).map_err(|error| {
                format!(
                    "the client's certificate {} and its key {} cannot be used: {error}",
                    certificate.display(),
                    key.display()
                )
            })
        }
    }
}

fn authorities(path: &Path) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(path)? {
        store.add(certificate).map_err(|error| format!("{} holds no authority to trust: {error}", path.display()))?;
    }
    Ok(store)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let failed = |error| format!("cannot read the certificates in {}: {error}", path.display());
    let read = CertificateDer::pem_file_iter(path).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    if read.is_empty() {
        return Err(format!("there is no certificate in {}, which has to be a PEM file", path.display()));
    }
    Ok(read)
}
