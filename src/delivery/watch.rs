//! What a server shows while TLS is set up, for those who have to explain a failure: the certificates, whether it was
//! trusted or not, and whether it asks for one of ours.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

/// What was shown so far.
#[derive(Debug, Default)]
pub(super) struct Watch(Mutex<Shown>);

/// What one server shows.
#[derive(Debug, Default, Clone)]
pub(super) struct Shown {
    /// Its certificates in DER, its own first.
    pub(super) chain: Vec<Vec<u8>>,
    /// Whether it asked for a certificate of ours.
    pub(super) asked: bool,
}

impl Watch {
    /// What was shown so far.
    pub(super) fn shown(&self) -> Shown {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, change: impl FnOnce(&mut Shown)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Watches the connections that `config` is for. It goes on to trust whom `verifier` trusts.
    pub(super) fn over(self: &Arc<Self>, config: &mut ClientConfig, verifier: Arc<dyn ServerCertVerifier>) {
        let identity = Arc::clone(&config.client_auth_cert_resolver);
        config.client_auth_cert_resolver = Arc::new(Identity { identity, watch: Arc::clone(self) });
        config.dangerous().set_certificate_verifier(Arc::new(Verifier { verifier, watch: Arc::clone(self) }));
    }
}

/// Notes the server's certificates and leaves the judgement to another.
#[derive(Debug)]
struct Verifier {
    verifier: Arc<dyn ServerCertVerifier>,
    watch: Arc<Watch>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = std::iter::once(end_entity).chain(intermediates).map(|certificate| certificate.to_vec()).collect();
        self.watch.note(|shown| shown.chain = chain);
        self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// Notes that the server asks for a certificate, and shows what another one would.
#[derive(Debug)]
struct Identity {
    identity: Arc<dyn ResolvesClientCert>,
    watch: Arc<Watch>,
}

impl ResolvesClientCert for Identity {
    fn resolve(&self, authorities: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.watch.note(|shown| shown.asked = true);
        self.identity.resolve(authorities, schemes)
    }

    fn has_certs(&self) -> bool {
        self.identity.has_certs()
    }
}
