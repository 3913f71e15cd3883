<?php
/**
 * A post at one moment.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * What IGNY8 would want to know of a post, read from the tables themselves, so that two moments can be compared.
 */
final class Igny8_Bridge_Snapshot {

	/**
	 * Statuses whose date means something.
	 */
	const DATED = array( 'publish', 'future', 'private' );

	/**
	 * The post's id.
	 *
	 * @var int
	 */
	public $id;

	/**
	 * Its type.
	 *
	 * @var string
	 */
	public $type;

	/**
	 * Its status.
	 *
	 * @var string
	 */
	public $status;

	/**
	 * When it is or will be public, empty where that is open.
	 *
	 * @var string
	 */
	public $date_gmt;

	/**
	 * When it was changed.
	 *
	 * @var string
	 */
	public $modified_gmt;

	/**
	 * SHA-256 of the raw body.
	 *
	 * @var string
	 */
	public $content_hash;

	/**
	 * Its title.
	 *
	 * @var string
	 */
	public $title;

	/**
	 * Its slug.
	 *
	 * @var string
	 */
	public $slug;

	/**
	 * A hash of excerpt, author, terms, featured image and SEO fields.
	 *
	 * @var string
	 */
	public $details;

	/**
	 * Its mark, or an empty text.
	 *
	 * @var string
	 */
	public $content_id;

	/**
	 * Takes one, or null where there is no such post, or none that anybody has saved yet. A query that failed does not
	 * say that: it gives false.
	 *
	 * @param int $post_id The post.
	 * @return self|null|false
	 */
	public static function of( $post_id ) {
		global $wpdb;
		// The moment counts, not what a cache remembers.
		$rows = Igny8_Bridge_Query::rows( $wpdb->prepare( "SELECT ID, post_type, post_status, post_date_gmt, post_modified_gmt, post_title, post_content, post_excerpt, post_name, post_author FROM $wpdb->posts WHERE ID = %d", $post_id ) );
		if ( false === $rows ) {
			return false;
		}
		$row = $rows ? $rows[0] : null;
		if ( ! $row || 'auto-draft' === $row->post_status || ! Igny8_Bridge_Post_Types::includes( $row->post_type ) ) {
			return null;
		}
		$meta  = self::meta( $post_id );
		$terms = self::terms( $post_id );
		if ( false === $meta || false === $terms ) {
			return false;
		}
		$mark = isset( $meta[ Igny8_Bridge_Marker::META ] ) ? $meta[ Igny8_Bridge_Marker::META ] : '';
		unset( $meta[ Igny8_Bridge_Marker::META ] );

		$snapshot               = new self();
		$snapshot->id           = (int) $row->ID;
		$snapshot->type         = $row->post_type;
		$snapshot->status       = $row->post_status;
		$snapshot->date_gmt     = in_array( $row->post_status, self::DATED, true ) ? $row->post_date_gmt : '';
		$snapshot->modified_gmt = $row->post_modified_gmt;
		$snapshot->content_hash = hash( 'sha256', $row->post_content );
		$snapshot->title        = $row->post_title;
		$snapshot->slug         = $row->post_name;
		// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.serialize_serialize -- compared, never read back.
		$snapshot->details    = md5( serialize( array( $row->post_excerpt, $row->post_author, $terms, $meta ) ) );
		$snapshot->content_id = $mark;
		return $snapshot;
	}

	/**
	 * Whether it is public, or will be, at another time or under another status than before.
	 *
	 * @param self $before The earlier moment.
	 * @return bool
	 */
	public function moved_since( $before ) {
		return array( $this->status, $this->date_gmt ) !== array( $before->status, $before->date_gmt );
	}

	/**
	 * Whether anything else differs.
	 *
	 * @param self $before The earlier moment.
	 * @return bool
	 */
	public function edited_since( $before ) {
		return array( $this->title, $this->slug, $this->content_hash, $this->details ) !== array( $before->title, $before->slug, $before->content_hash, $before->details );
	}

	/**
	 * Whether there is no such post, of whatever kind.
	 *
	 * @param int $post_id The post.
	 * @return bool
	 */
	public static function is_gone( $post_id ) {
		global $wpdb;
		return array() === Igny8_Bridge_Query::rows( $wpdb->prepare( "SELECT ID FROM $wpdb->posts WHERE ID = %d", $post_id ) );
	}

	/**
	 * The meta that counts.
	 *
	 * @return string[]
	 */
	public static function meta_keys() {
		return array_merge( array( '_thumbnail_id', Igny8_Bridge_Marker::META ), array_values( Igny8_Bridge_Seo::meta_keys() ) );
	}

	/**
	 * That meta of a post.
	 *
	 * @param int $post_id The post.
	 * @return array<string,string>|false
	 */
	private static function meta( $post_id ) {
		global $wpdb;
		$keys = "'" . implode( "','", self::meta_keys() ) . "'";
		// phpcs:ignore WordPress.DB -- names of our own.
		$rows = Igny8_Bridge_Query::rows( $wpdb->prepare( "SELECT meta_key, meta_value FROM $wpdb->postmeta WHERE post_id = %d AND meta_key IN ($keys) ORDER BY meta_key, meta_id DESC", $post_id ) );
		if ( false === $rows ) {
			return false;
		}
		$meta = array();
		foreach ( $rows as $row ) {
			$meta[ $row->meta_key ] = (string) $row->meta_value;
		}
		return $meta;
	}

	/**
	 * The post's terms, of the taxonomies that REST shows.
	 *
	 * @param int $post_id The post.
	 * @return string[]|false
	 */
	private static function terms( $post_id ) {
		global $wpdb;
		$rows = Igny8_Bridge_Query::rows( $wpdb->prepare( "SELECT t.taxonomy, t.term_id FROM $wpdb->term_relationships r JOIN $wpdb->term_taxonomy t USING (term_taxonomy_id) WHERE r.object_id = %d ORDER BY t.taxonomy, t.term_id", $post_id ) );
		if ( false === $rows ) {
			return false;
		}
		$shown = get_taxonomies( array( 'show_in_rest' => true ) );
		$terms = array();
		foreach ( $rows as $row ) {
			if ( isset( $shown[ $row->taxonomy ] ) ) {
				$terms[] = $row->taxonomy . ':' . $row->term_id;
			}
		}
		return $terms;
	}
}
