//! TLS as the user wants it: whom to trust, and who we are.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::target::TlsFiles;
use super::watch::Watch;

/// The configuration for connections that `files` describe, and that `watch` may look at. The error is a sentence.
///
/// It takes longer than all the rest of a short run, so it is made where TLS is spoken.
pub(super) fn config(files: &TlsFiles, watch: Option<&Arc<Watch>>) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = match &files.authorities {
        None => authorities_of_the_system()?,
        Some(path) => authorities(path)?,
    };
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?
        .with_webpki_verifier(Arc::clone(&verifier));
    let mut config = with_identity(builder, files)?;
    if let Some(watch) = watch {
        watch.over(&mut config, verifier);
    }
    Ok(config)
}

fn with_identity(
    builder: rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>,
    files: &TlsFiles,
) -> Result<ClientConfig, String> {
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

fn authorities_of_the_system() -> Result<RootCertStore, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut store = RootCertStore::empty();
    let (added, _) = store.add_parsable_certificates(found.certs);
    if added > 0 {
        return Ok(store);
    }
    let reasons: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
    let reasons = if reasons.is_empty() { "there are none".to_owned() } else { reasons.join("; ") };
    Err(format!(
        "cannot read the system's trusted certificates ({reasons}); install the package ca-certificates, or name a file \
         of authorities with --certificate"
    ))
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
