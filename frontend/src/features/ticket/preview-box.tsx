/** What the order would cost and change, and every rule it would break, in the server's own numbers. */
import type { OrderPreview } from '@/generated/shapes';
import { money, price, quantity } from '@/lib/decimal';
import { refusal } from '@/lib/problem';

function Row({ name, value }: { name: string; value: string }) {
  return (
    <div className="flex justify-between gap-3">
      <dt className="text-dim">{name}</dt>
      <dd className="num">{value}</dd>
    </div>
  );
}

/** How much would trade at once, and at what average. */
function fillText(preview: OrderPreview): string {
  if (preview.average_fill_price === null) return '0';
  return `${quantity(preview.fill_quantity)} at ${price(preview.average_fill_price)}`;
}

/** How much would rest, and behind how much. */
function restText(preview: OrderPreview): string {
  if (preview.resting_quantity === null || Number(preview.resting_quantity) === 0) return '0';
  const ahead = preview.quantity_ahead === null ? '' : ` behind ${quantity(preview.quantity_ahead)}`;
  return `${quantity(preview.resting_quantity)}${ahead}`;
}

export function PreviewBox({ preview, asking, problem }: { preview: OrderPreview | null; asking: boolean; problem: string }) {
  const broken = (preview?.broken_rules ?? []).map((rule) => refusal(rule.code, rule.text));
  // A reason that the preview gives already is not given twice, though the market has moved its numbers.
  const reasons = broken.map((rule) => rule.split(':', 1)[0]);
  const more = reasons.includes(problem.split(':', 1)[0]) ? '' : problem;
  return (
    <div className="preview-box" aria-busy={asking} data-testid="preview">
      <dl className="flex flex-col gap-1 text-xs">
        {preview?.estimated_cost?.startsWith('-') === true ? <Row name="Estimated proceeds" value={money(preview.estimated_cost.slice(1))} /> : <Row name="Estimated cost" value={money(preview?.estimated_cost)} />}
        <Row name="Fee" value={money(preview?.estimated_fee)} />
        <Row name="Fills now" value={preview == null ? '–' : fillText(preview)} />
        <Row name="Rests" value={preview == null ? '–' : restText(preview)} />
        <Row name="Resulting position" value={quantity(preview?.resulting_position, true)} />
        <Row name="Buying power after" value={money(preview?.buying_power_after)} />
      </dl>
      {broken.length > 0 && (
        <ul className="notice notice-bad mt-2 flex flex-col gap-1 text-xs">
          {broken.map((rule) => (
            <li key={rule}>{rule}</li>
          ))}
        </ul>
      )}
      <div role="alert" className={more === '' ? 'sr-only' : 'notice notice-bad mt-2 text-xs'}>
        {more}
      </div>
    </div>
  );
}
