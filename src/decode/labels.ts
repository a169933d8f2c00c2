/**
 * What is said of a message beside what it says itself: the phase of its connection, and the functions through which
 * QEMU came to send it. It follows from the messages before it, so it can be told only by who has seen those.
 */
import { callPath } from './call-paths.ts';
import { dialectOfProgram } from './dialects/programs.ts';
import type { Dialect, Frame } from './frame.ts';
import type { Message } from './message.ts';
import { Course, type Phase, phases } from './phase.ts';
import { programOf } from './session/connection.ts';
import { deviceById } from './spec/devices/index.ts';
import { jsonBody } from './text/event.ts';

/** What is said of one message. */
export interface Label {
  readonly phase?: Phase | undefined;
  /** Functions of QEMU, the outermost first; only on its requests. */
  readonly path?: readonly string[] | undefined;
}

const nothing: Label = {};
/** Connections that are followed; the oldest go first. */
const mostCourses = 4096;

/** One connection. */
interface Place {
  readonly key: string;
  readonly course: Course;
  frontEnd: Dialect | undefined;
}

/** Labels records one after the other. Fast, so that every record of a long capture can have its label. */
export class Labels {
  readonly #places = new Map<string, Place>();
  /** The one that spoke last, which mostly speaks next. */
  #last: (Place & Pick<Frame, 'pair' | 'session' | 'epoch'>) | undefined;
  /** Labels are few and come again and again: by device, phase and message. */
  readonly #labels = new Map<number | undefined, { readonly [phase in Phase]: Map<string, Label> }>();

  /** The label of the next record, with its message where it is one. */
  next(frame: Frame, message: Message | undefined): Label {
    if (frame.session === 0) return nothing;
    const place = this.#placeOf(frame);
    if (!message) {
      if (frame.kind === 'event') this.#event(place, frame);
      return nothing;
    }
    const phase = place.course.next(message);
    const isOfQemu =
      message.channel === 'main' && !message.reply && (frame.context.frontEnd ?? place.frontEnd) === 'qemu';
    return this.#label(phase, isOfQemu && message.spec ? message.name : '', frame.context.device);
  }

  #label(phase: Phase, sentByQemu: string, device: number | undefined): Label {
    let ofDevice = this.#labels.get(device);
    if (!ofDevice) {
      ofDevice = Object.fromEntries(phases.map(one => [one, new Map()])) as { [phase in Phase]: Map<string, Label> };
      this.#labels.set(device, ofDevice);
    }
    let label = ofDevice[phase].get(sentByQemu);
    if (!label) {
      const path = sentByQemu === '' ? undefined : callPath(sentByQemu, phase, deviceById(device)?.name);
      label = path === undefined ? { phase } : { phase, path };
      ofDevice[phase].set(sentByQemu, label);
    }
    return label;
  }

  #event(place: Place, frame: Frame): void {
    const body = jsonBody(frame);
    const told = body?.event === 'connected' ? body.front_end : body?.side === 'front-end' ? body : undefined;
    if (told !== undefined) place.frontEnd = dialectOfProgram(programOf(told), 'front-end') ?? place.frontEnd;
    if (body?.event !== 'closed' || frame.channel !== 'main') return;
    this.#places.delete(place.key);
    this.#last = undefined;
  }

  #placeOf({ pair, session, epoch }: Frame): Place {
    const last = this.#last;
    if (last && last.epoch === epoch && last.session === session && last.pair === pair) return last;
    const key = `${pair}/${session}/${epoch}`;
    let place = this.#places.get(key);
    if (!place) {
      if (this.#places.size >= mostCourses) this.#places.delete(this.#places.keys().next().value as string);
      place = { key, course: new Course(), frontEnd: undefined };
      this.#places.set(key, place);
    }
    this.#last = Object.assign(place, { pair, session, epoch });
    return place;
  }
}
