/** Who may call a web method from a page. */
export const Permissions: Readonly<{
  /** Every browser. */
  Anyone: 'Anyone';
  /** Members and admins. */
  SiteMember: 'SiteMember';
  /** Admins only. */
  Admin: 'Admin';
}>;

export type Permission = (typeof Permissions)[keyof typeof Permissions];

/**
 * Lets pages call `fn` when the identity of their session has `permission`. Calls from backend code are not checked.
 * Throws a TypeError on wrong arguments.
 */
export function webMethod<Args extends any[], Result>(
  permission: Permission,
  fn: (...args: Args) => Result,
  options?: object,
): (...args: Args) => Result;
