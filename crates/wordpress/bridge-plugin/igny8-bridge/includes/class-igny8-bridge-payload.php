<?php
/**
 * What a delivery says.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Builds the bodies of the two webhooks. Texts are the raw ones, names of terms too: escaped, as WordPress keeps them.
 */
final class Igny8_Bridge_Payload {

	/**
	 * The statuses that IGNY8 knows; a plugin's own is a draft to it.
	 */
	const STATUSES = array( 'publish', 'future', 'draft', 'pending', 'private', 'trash' );

	/**
	 * So many characters of an address IGNY8 takes.
	 */
	const LONGEST_ADDRESS = 2000;

	/**
	 * The status of a post, and where it is not in the trash everything else too: a post that goes out or comes back
	 * mostly changes its slug with it, and often terms or the image. Only a trashed one's slug and terms are no news.
	 *
	 * @param Igny8_Bridge_Snapshot $now The post as it is.
	 * @return array
	 */
	public static function status( $now ) {
		$status = self::head( $now ) + array(
			'post_status' => in_array( $now->status, self::STATUSES, true ) ? $now->status : 'draft',
			'post_title'  => $now->title,
			'date_gmt'    => '' === $now->date_gmt ? null : self::instant( $now->date_gmt ),
		);
		return $status + ( 'trash' === $now->status ? self::post_url( $now ) : self::metadata( $now ) );
	}

	/**
	 * The end of a post.
	 *
	 * @param Igny8_Bridge_Snapshot $before The post as it was.
	 * @return array
	 */
	public static function deleted( $before ) {
		$gone = self::head( $before );
		unset( $gone['content_hash'] );
		// Deleting leaves no time behind, and it must not seem older than the last change.
		$gone['modified_gmt'] = max( self::instant( $before->modified_gmt ), gmdate( 'Y-m-d\TH:i:s\Z' ) );
		return $gone + array(
			'post_status' => 'deleted',
			'post_title'  => $before->title,
		);
	}

	/**
	 * The end of a post of which nothing is known any more.
	 *
	 * @param int $post_id The post.
	 * @return array
	 */
	public static function vanished( $post_id ) {
		return array(
			'post_id'      => $post_id,
			'modified_gmt' => gmdate( 'Y-m-d\TH:i:s\Z' ),
			'post_status'  => 'deleted',
		);
	}

	/**
	 * Everything else about a post but its body.
	 *
	 * @param Igny8_Bridge_Snapshot $now The post as it is.
	 * @return array
	 */
	public static function metadata( $now ) {
		$post   = get_post( $now->id );
		$author = get_userdata( (int) $post->post_author );
		$terms  = self::terms( $post );
		$fields = array(
			'title'      => $now->title,
			'slug'       => $now->slug,
			'excerpt'    => $post->post_excerpt,
			'categories' => isset( $terms['category'] ) ? $terms['category'] : array(),
			'tags'       => isset( $terms['post_tag'] ) ? $terms['post_tag'] : array(),
			'taxonomies' => (object) array_diff_key(
				$terms,
				array(
					'category' => 0,
					'post_tag' => 0,
				)
			),
			'author'     => $author ? array(
				'id'   => $author->ID,
				'name' => $author->display_name,
			) : null,
		) + self::featured_image( $post );
		if ( ! Igny8_Bridge_Network::is_elsewhere() ) {
			// Which SEO plugin is active is known of the request's own site alone.
			$fields['seo'] = Igny8_Bridge_Seo::of_post( $now->id );
		}
		return self::head( $now ) + self::post_url( $now ) + array( 'metadata' => $fields );
	}

	/**
	 * The address of a post, which its slug and often its category are part of.
	 *
	 * @param Igny8_Bridge_Snapshot $now The post as it is.
	 * @return array<string,string>
	 */
	private static function post_url( $now ) {
		return self::told_of( 'post_url', self::address( get_permalink( $now->id ) ) );
	}

	/**
	 * The address of a post's image, null where it has none: that says that it was taken away.
	 *
	 * @param WP_Post $post The post.
	 * @return array<string,string|null>
	 */
	private static function featured_image( $post ) {
		$image = (int) get_post_thumbnail_id( $post );
		return $image > 0 ? self::told_of( 'featured_image_url', self::address( wp_get_attachment_url( $image ) ) ) : array( 'featured_image_url' => null );
	}

	/**
	 * An entry, or none where there is nothing that can be told.
	 *
	 * @param string      $name    Its name.
	 * @param string|null $address The address.
	 * @return array<string,string>
	 */
	private static function told_of( $name, $address ) {
		return null === $address ? array() : array( $name => $address );
	}

	/**
	 * An address in full: plugins shorten them to their path, or leave out the scheme. None where it is no address of
	 * the web, or one that IGNY8 refuses, and the whole delivery with it.
	 *
	 * @param string|false $url The address as WordPress gives it.
	 * @return string|null
	 */
	private static function address( $url ) {
		$url  = (string) $url;
		$home = wp_parse_url( Igny8_Bridge_Options::address() );
		if ( 0 === strpos( $url, '//' ) ) {
			$url = $home['scheme'] . ':' . $url;
		} elseif ( 0 === strpos( $url, '/' ) ) {
			$url = $home['scheme'] . '://' . $home['host'] . ( isset( $home['port'] ) ? ':' . $home['port'] : '' ) . $url;
		}
		$parts = wp_parse_url( $url );
		$known = is_array( $parts ) && isset( $parts['scheme'], $parts['host'] ) && ! isset( $parts['user'] ) && ! preg_match( '#[\x00-\x20<>^|%\\\\\x7f]#', $parts['host'] );
		return $known && in_array( strtolower( $parts['scheme'] ), array( 'http', 'https' ), true ) && mb_strlen( $url ) <= self::LONGEST_ADDRESS ? $url : null;
	}

	/**
	 * What every delivery begins with.
	 *
	 * @param Igny8_Bridge_Snapshot $post The post.
	 * @return array
	 */
	private static function head( $post ) {
		$head = array(
			'post_id'      => $post->id,
			'post_type'    => $post->type,
			'modified_gmt' => self::instant( $post->modified_gmt ),
			'content_hash' => $post->content_hash,
		);
		if ( preg_match( '/\A[1-9][0-9]{0,15}\z/', $post->content_id ) ) {
			$head['content_id'] = (int) $post->content_id;
		}
		return $head;
	}

	/**
	 * The post's terms by taxonomy, an empty list where it has none.
	 *
	 * @param WP_Post $post The post.
	 * @return array<string,array[]>
	 */
	private static function terms( $post ) {
		$by_taxonomy = array();
		foreach ( get_object_taxonomies( $post, 'objects' ) as $taxonomy ) {
			if ( ! $taxonomy->show_in_rest ) {
				continue;
			}
			$terms = get_the_terms( $post, $taxonomy->name );

			$by_taxonomy[ $taxonomy->name ] = array();
			foreach ( is_array( $terms ) ? $terms : array() as $term ) {
				$by_taxonomy[ $taxonomy->name ][] = array(
					'id'       => $term->term_id,
					'name'     => $term->name,
					'slug'     => $term->slug,
					'taxonomy' => $taxonomy->name,
				);
			}
		}
		return $by_taxonomy;
	}

	/**
	 * A time of the database as RFC 3339. One that was never set (old imports) counts as now.
	 *
	 * @param string $gmt The time.
	 * @return string
	 */
	private static function instant( $gmt ) {
		return '0000-00-00 00:00:00' === $gmt || '' === $gmt ? gmdate( 'Y-m-d\TH:i:s\Z' ) : str_replace( ' ', 'T', $gmt ) . 'Z';
	}
}
