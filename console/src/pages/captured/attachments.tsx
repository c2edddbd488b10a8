/** Attachments of a captured message: named, and saved; none is opened here. */
import type { Output } from "../../../../src/admin/contract.ts";
import { urlOf } from "../../api.ts";
import { Table } from "../../components/table.tsx";
import { visible } from "../../outside-text.ts";
import { sizeText } from "../../time-text.ts";

export function Attachments({
  id,
  attachments,
}: {
  id: string;
  attachments: Output<"getCaptured">["attachments"];
}) {
  return (
    <Table
      label="Attachments"
      rows={attachments}
      rowKey={({ index }) => index}
      empty={<p>It has none.</p>}
      columns={[
        {
          title: "Name",
          wide: true,
          rowHeader: true,
          cell: ({ index, fileName }) => (
            <a href={urlOf("getCapturedAttachment", { id, index })} download>
              {fileName === "" ? `attachment ${index + 1}` : visible(fileName)}
            </a>
          ),
        },
        { title: "Type", cell: ({ mediaType }) => visible(mediaType) },
        { title: "Content-ID", cell: ({ contentId }) => visible(contentId) },
        { title: "Shown inline", cell: ({ inline }) => (inline ? "yes" : "") },
        { title: "Size", numeric: true, nowrap: true, cell: ({ sizeBytes }) => sizeText(sizeBytes) },
      ]}
    />
  );
}
