//! What a person can do about each failed check, in one sentence. `docs/sites.md` lists the same words.

/// The codes of failed checks, those with one fix together.
const FIXES: [(&[&str], &str); 35] = [
    (&["invalid_url"], "Enter the address of the site's home page, such as https://shop.example."),
    (&["address_not_allowed"], "Enter a public address."),
    (&["port_not_allowed"], "Use one of the ports 80, 443, 8080 and 8443."),
    (&["http_not_allowed"], "Enter the https:// address of the site."),
    (&["dns_failed"], "Check the spelling of the address, and that the domain's DNS records exist."),
    (
        &["connection_refused", "unreachable", "connection_closed"],
        "Check that the web server is running and lets connections from the internet through.",
    ),
    (
        &["timeout"],
        "Check that the site loads in a browser; ask the host whether it blocks or slows our requests.",
    ),
    (&["tls_expired", "tls_not_yet_valid"], "Renew the site's certificate, and check the server's clock."),
    (&["tls_wrong_name"], "Install a certificate for this name, or enter the name the certificate is for."),
    (
        &["tls_untrusted", "tls_revoked"],
        "Install a certificate of a public authority, with its whole chain of intermediate certificates.",
    ),
    (&["tls_not_spoken", "tls_failed"], "Check that the web server offers TLS 1.2 or newer on this port."),
    (&["redirected"], "Enter the address that the site redirects to."),
    (&["redirect_loop"], "Check the site's redirect rules."),
    (&["site_password"], "Take the web server's password off, or let our requests through without it."),
    (
        &["firewall"],
        "Allow requests whose User-Agent begins with igny8-integration in the firewall or security plugin.",
    ),
    (&["maintenance"], "Try again when the update or maintenance is over."),
    (&["login_page"], "Let the REST API through in the plugin that hides the site behind a log-in."),
    (
        &["rest_disabled"],
        "Allow the REST API in the security plugin or server that closes it, or at least /igny8/v1/.",
    ),
    (&["html_page"], "Check that the address is a WordPress site's and that nothing rewrites /wp-json/."),
    (&["not_wordpress"], "Check the address: no WordPress was found there."),
    (&["site_error"], "Try again in a few minutes; if it stays so, look at the site's PHP error log."),
    (
        &["plugin_missing"],
        "Install and activate the IGNY8 plugin on the site, or store a user name and an application password.",
    ),
    (&["plugin_incompatible"], "Update the IGNY8 plugin on the site."),
    (
        &["invalid_api_key"],
        "Copy the API key again from igny8 into the plugin's settings, without spaces around it.",
    ),
    (
        &["authorization_stripped"],
        "Ask the host to let the headers Authorization and X-IGNY8-API-KEY through to PHP.",
    ),
    (&["plugin_user_missing"], "Choose the user that IGNY8 acts as in the plugin's settings."),
    (&["plugin_not_configured"], "Enter the site id and the API key in the plugin's settings."),
    (&["connection_disabled"], "Switch the connection on in the plugin's settings."),
    (
        &["application_passwords_off"],
        "Allow application passwords on the site (they need https, and security plugins switch them off), or install the IGNY8 plugin.",
    ),
    (
        &["invalid_credentials"],
        "Use the user's log-in name or e-mail address (not the password's label) with an application password (not the log-in password); if both are right the host may strip the Authorization header: install the IGNY8 plugin.",
    ),
    (&["missing_capability"], "Give the connected user the role of an editor."),
    (&["proof_failed"], "Enter the same API key in the plugin's settings as in igny8."),
    (&["other_site"], "Enter the site id that igny8 shows for this site in the plugin's settings."),
    (&["other_address"], "Enter the address that WordPress itself uses (Settings, General)."),
    (&["answer_too_large"], "Check what the address answers: it is far more than an API would."),
];

/// The fix for a code; words that need none of their own get a general one.
pub(super) fn fix_for(code: &str) -> &'static str {
    let known = FIXES.iter().find(|(codes, _)| codes.contains(&code));
    known.map_or("Look at the site's error log, or ask its host.", |(_, fix)| fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_in_the_documentation_and_has_one_fix() {
        let page = include_str!("../../../../docs/sites.md");
        let mut codes: Vec<&str> = FIXES.iter().flat_map(|(codes, _)| codes.iter().copied()).collect();
        for code in &codes {
            assert!(page.contains(&format!("`{code}`")), "{code}");
        }
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }
}
