/** Every page: where it stands, what it is called, in the order of the navigation. */
import type { ComponentType } from "preact";
import { AboutPage } from "./about/about-page.tsx";
import { ApiKeysPage } from "./api-keys/api-keys-page.tsx";
import { ApplicationsPage } from "./applications/applications-page.tsx";
import { AuditPage } from "./audit/audit-page.tsx";
import { CapturedPage } from "./captured/captured-page.tsx";
import { EventsPage } from "./events/events-page.tsx";
import { LoggingPage } from "./logging/logging-page.tsx";
import { NodesPage } from "./nodes/nodes-page.tsx";
import { NowPage } from "./now/now-page.tsx";
import { QueuesPage } from "./queues/queues-page.tsx";
import { ReceiveConnectorsPage } from "./receive-connectors/receive-connectors-page.tsx";
import { SendConnectorsPage } from "./send-connectors/send-connectors-page.tsx";
import { TrackingPage } from "./tracking/tracking-page.tsx";
import { WebhooksPage } from "./webhooks/webhooks-page.tsx";

export interface Page {
  /** `/events`, after the `#`. */
  readonly path: string;
  readonly title: string;
  readonly component: ComponentType<{ query: URLSearchParams }>;
  /** In the navigation only where this relay is one of several nodes. */
  readonly isOfNodes?: true;
}

export const pages: readonly Page[] = [
  { path: "/", title: "Now", component: NowPage },
  { path: "/nodes", title: "Nodes", component: NodesPage, isOfNodes: true },
  { path: "/receive-connectors", title: "Receive connectors", component: ReceiveConnectorsPage },
  { path: "/send-connectors", title: "Send connectors", component: SendConnectorsPage },
  { path: "/applications", title: "Applications", component: ApplicationsPage },
  { path: "/api-keys", title: "API keys", component: ApiKeysPage },
  { path: "/queues", title: "Queues", component: QueuesPage },
  { path: "/tracking", title: "Tracking", component: TrackingPage },
  { path: "/captured", title: "Captured mail", component: CapturedPage },
  { path: "/events", title: "Events", component: EventsPage },
  { path: "/audit", title: "Audit log", component: AuditPage, isOfNodes: true },
  { path: "/webhooks", title: "Webhooks", component: WebhooksPage },
  { path: "/logging", title: "Diagnostic logging", component: LoggingPage },
  { path: "/about", title: "About", component: AboutPage },
];
