//! The list of all cases, as one test for each.

/// Runs the whole contract: one test for each case. The argument names an async function without arguments that gives
/// `anyhow::Result<(storage, guard)>`: an empty storage, and whatever must live as long as it.
#[macro_export]
macro_rules! storage_contract {
    ($make:ident) => {
        $crate::storage_contract! { @cases $make;
            account {
                an_account_name_is_taken_once,
                accounts_and_people_read_back_as_they_were_stored,
                switches_policies_and_roles_are_written,
                an_address_is_unique_within_its_account_whatever_the_letter_case,
                a_membership_is_granted_once_and_revoked,
            }
            webhook {
                a_delivery_is_taken_in_once,
                old_deliveries_are_forgotten_in_batches,
                numbers_about_deliveries_add_up,
                a_sites_sequence_only_rises,
                a_site_that_signs_must_go_on_signing,
                a_pull_is_open_until_the_wanted_version_was_read,
                pulls_of_the_busy_are_passed_over,
                an_integrations_pulls_are_put_off_together,
                a_pull_that_is_asked_for_while_it_is_held_is_due_afterwards,
            }
            site {
                the_oldest_site_of_an_address_is_found,
                a_key_is_found_by_its_hash_expired_or_not,
                expiring_keys_spares_the_kept_one_and_prolongs_none,
                secrets_that_hold_are_listed_newest_first,
                expiring_secrets_ends_the_older_ones_and_prolongs_none,
                a_secret_is_resealed_only_where_it_still_is_the_old_one,
                all_secrets_are_listed_by_site,
            }
            integration {
                a_site_has_one_integration_for_each_platform,
                an_integration_reads_back_as_it_was_stored,
                an_update_leaves_what_it_may_not_write,
                an_integration_updated_from_a_stale_version_is_refused,
                credentials_are_resealed_only_where_they_still_are_the_old_ones,
                deleting_an_integration_takes_its_runs_and_events_and_no_others,
                deleting_an_integration_turns_its_links_into_former_ones,
                unlinking_keeps_the_former_links_of_the_site_it_goes_back_to,
                an_integration_id_is_never_used_again,
            }
            integration_list {
                integrations_are_ordered_with_ties_by_id_and_never_synced_first,
                pages_of_integrations_hold_each_once,
                everything_that_is_set_narrows_the_list_of_integrations,
                integrations_are_searched_literally_whatever_the_letter_case,
                due_integrations_come_longest_due_first,
                an_integration_with_a_run_is_not_due,
                all_integrations_are_listed_by_id,
            }
            content {
                a_content_reads_back_as_it_was_stored,
                every_kind_of_text_reads_back_as_it_was_stored,
                a_body_of_five_megabytes_reads_back_whole,
                times_are_kept_to_the_microsecond,
                a_content_begins_in_the_state_that_follows_from_it,
                an_update_of_a_content_leaves_what_it_may_not_write,
                a_content_updated_from_a_stale_version_is_refused,
                contents_are_held_by_id_and_only_the_sites_own,
                totals_count_deleted_contents_only_while_something_is_left_to_do,
            }
            content_list {
                contents_are_paged_by_id,
                everything_that_is_set_narrows_the_list_of_contents,
                contents_are_searched_literally_whatever_the_letter_case,
                what_waits_to_be_pushed_is_listed_ascending,
                parked_contents_wait_only_where_they_are_asked_for,
            }
            link {
                a_post_belongs_to_one_content,
                a_post_can_move_to_another_content_in_one_unit,
                linked_contents_are_held_by_id,
                formerly_linked_contents_are_held_while_they_have_no_link,
                links_are_counted_without_those_that_are_gone,
                stamps_of_links_are_listed_by_content_id,
            }
            run {
                an_integration_has_one_active_run_and_dry_ones_pass,
                many_who_ask_at_once_get_one_run,
                a_run_reads_back_as_it_was_recorded,
                a_record_leaves_what_it_may_not_write,
                a_run_that_has_ended_is_not_recorded_again,
                runs_that_ended_long_ago_are_forgotten_in_batches,
                asking_to_stop_is_told_to_whoever_records_or_renews,
                the_last_run_is_the_newest_that_ended_and_is_not_dry,
                runs_are_listed_newest_first_in_both_directions,
                a_run_id_is_never_used_again,
            }
            run_claim {
                a_claim_sets_what_it_says,
                the_longest_waiting_run_is_claimed_first,
                a_claim_can_name_its_run,
                a_run_that_waits_to_try_again_is_claimed_when_its_time_has_come,
                a_held_run_is_claimed_only_after_its_lease,
                a_run_that_was_taken_over_refuses_its_former_holder,
                a_renewed_lease_holds_longer,
                a_run_that_has_ended_or_waits_is_not_renewed,
                released_runs_are_claimable_at_once_and_only_those,
                sixteen_claimers_at_once_never_get_the_same_run,
            }
            event {
                events_read_back_as_they_were_stored,
                events_are_listed_newest_first_in_both_directions,
                a_place_beyond_either_end_shows_what_is_left,
                everything_that_is_set_narrows_the_list_of_events,
                a_cursor_sees_only_what_passes_the_filter,
                an_event_id_is_never_used_again,
                old_events_are_forgotten_in_batches,
            }
            receipt {
                a_key_is_claimed_once_and_answers_what_came_of_it,
                keys_of_others_and_of_other_paths_are_other_keys,
                a_claim_that_is_dropped_leaves_the_key_free,
                a_key_is_free_again_after_its_time,
                old_receipts_are_forgotten_in_batches,
                of_many_who_claim_a_key_at_once_one_gets_it,
            }
            transaction {
                what_is_dropped_never_happened,
                what_is_committed_is_there_for_everybody,
                nobody_sees_what_is_not_committed,
                a_reader_sees_one_consistent_view,
                a_unit_sees_its_own_changes,
                after_a_failed_statement_commit_refuses,
                after_a_conflict_commit_refuses,
                two_writers_of_one_integration_lose_nothing,
                two_writers_of_one_content_lose_nothing,
                writers_of_different_contents_all_get_through,
                a_new_storage_is_ready,
            }
        }
    };
    (@cases $make:ident; $($group:ident { $($case:ident),+ $(,)? })+) => {$(
        mod $group {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $case() -> $crate::testing::storage_contract::Outcome {
                    let (storage, _guard) = super::$make().await?;
                    $crate::testing::storage_contract::$group::$case(&storage).await
                }
            )+
        }
    )+};
}

#[cfg(test)]
mod tests {
    /// A case that is not in the list would never run.
    #[test]
    fn every_case_is_in_the_list() {
        let list = include_str!("cases.rs");
        let files = [
            include_str!("account.rs"),
            include_str!("content.rs"),
            include_str!("content_list.rs"),
            include_str!("event.rs"),
            include_str!("integration.rs"),
            include_str!("integration_list.rs"),
            include_str!("link.rs"),
            include_str!("receipt.rs"),
            include_str!("run.rs"),
            include_str!("run_claim.rs"),
            include_str!("site.rs"),
            include_str!("transaction.rs"),
            include_str!("webhook.rs"),
        ];
        let names = files.iter().flat_map(|file| file.split("pub async fn ").skip(1));
        let names: Vec<&str> = names.filter_map(|rest| rest.split_once('(').map(|(name, _)| name)).collect();
        assert!(names.len() > 50, "the cases moved: {names:?}");
        for name in names {
            assert!(list.contains(&format!(" {name},")), "{name} is in no list");
        }
    }
}
