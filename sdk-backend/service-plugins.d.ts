/** What `realtimePermissionsProvider` gives a handler, in the format of Wix's service plugin. */
export interface CheckSubscriberPermissionsEnvelope {
  request: {
    channel: { name: string; resourceId?: string };
    subscriber: {
      /** The same as `id`. */
      _id: string;
      id: string;
      type: 'ADMIN' | 'MEMBER' | 'VISITOR';
    };
    /** Empty: in a relay of one's own there are no other apps. */
    requestingAppId?: string;
  };
  metadata: {
    /** Tells this question from others in the logs of both sides. */
    requestId?: string;
    identity?: {
      identityType?: 'ANONYMOUS_VISITOR' | 'MEMBER' | 'WIX_USER';
      anonymousVisitorId?: string;
      memberId?: string;
      wixUserId?: string;
    };
  };
}

export interface CheckSubscriberPermissionsResponse {
  read: boolean;
}

export type CheckSubscriberPermissions = (
  payload: CheckSubscriberPermissionsEnvelope,
) => CheckSubscriberPermissionsResponse | Promise<CheckSubscriberPermissionsResponse>;

export interface RealtimePermissionsHandlers {
  /** Decides about one subscription. What it throws, and what is neither yes nor no, refuses with 503. */
  checkSubscriberPermissions: CheckSubscriberPermissions;
}

export const realtimePermissionsProvider: {
  /** Lets the handler answer the relay's questions, through `permissionsEndpoint`. The last one stands. */
  provideHandlers(handlers: RealtimePermissionsHandlers): void;
};

declare const servicePlugins: Readonly<{ realtimePermissionsProvider: typeof realtimePermissionsProvider }>;
export default servicePlugins;
