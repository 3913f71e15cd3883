//! What a test that goes on remarks.

use super::Diagnosis;

pub(super) const WARNINGS: &[Diagnosis] = &[
    Diagnosis {
        code: "without_plugin",
        checks: &["plugin"],
        meaning: "The site is worked with by an application password alone.",
        evidence: "whether it is not installed or not visible",
        fix: "Install and activate the IGNY8 plugin: it locks posts while they are written, carries SEO fields and announces changes.",
    },
    Diagnosis {
        code: "authorization_header_lost",
        checks: &["authentication"],
        meaning: "The host keeps the Authorization header from PHP; the key arrives in a header of its own.",
        evidence: "which header arrives",
        fix: "Nothing has to be done while the plugin is there; an application password would need the host to let the header through.",
    },
    Diagnosis {
        code: "users_closed",
        checks: &["authentication"],
        meaning: "A security plugin closes the API's routes of users; posts can be edited all the same.",
        evidence: "what users/me answers",
        fix: "Allow /wp/v2/users/me for signed-in users, so that missing rights can be told before they are needed.",
    },
    Diagnosis {
        code: "limited_user",
        checks: &["permissions"],
        meaning: "The connected user may not do all that a sync can.",
        evidence: "the rights that are missing",
        fix: "Give the connected user the role of an editor.",
    },
    Diagnosis {
        code: "php_noise",
        checks: &["rest_api", "plugin", "authentication"],
        meaning: "PHP warnings, a byte order mark or a comment stand around the API's JSON.",
        evidence: "the beginning of what stands there",
        fix: "Switch display_errors off in PHP, and mend the plugin or theme that the text names.",
    },
    Diagnosis {
        code: "page_cache",
        checks: &["rest_api"],
        meaning: "A cache in front of the REST API answers in its place; this service gets past it, other readers see old answers.",
        evidence: "the header that says so",
        fix: "Exclude /wp-json/ and addresses with rest_route from the page cache.",
    },
    Diagnosis {
        code: "clock_skew",
        checks: &["rest_api", "authentication"],
        meaning: "The site's clock and this service's are more than a minute apart; from five minutes on its webhooks are refused.",
        evidence: "by how much, and whose clock was read",
        fix: "Set the clock of the site's server by NTP, and check this service's own.",
    },
];

pub(super) const NOTICES: &[Diagnosis] = &[
    Diagnosis {
        code: "plain_permalinks",
        checks: &["rest_api"],
        meaning: "The API is reached through rest_route: the site has plain permalinks, or its server does not rewrite /wp-json/.",
        evidence: "where the API was found",
        fix: "Nothing has to be done; choose another permalink structure (Settings, Permalinks) if other tools need /wp-json/.",
    },
    Diagnosis {
        code: "closed_to_strangers",
        checks: &["rest_api"],
        meaning: "The API is closed to who is not signed in.",
        evidence: "WordPress's own word",
        fix: "Nothing has to be done: the plugin or the application password opens it.",
    },
];
