// The module "v8": the engine is QuickJS-ng, so what is told is the heap's size; what looks into V8 throws at once.

import { absentOf } from "../absent.js";
import natives from "../natives.js";
import { invalidArgType, validateString } from "../node_errors.js";
import { primordials } from "../primordials.js";

const { StringPrototypeCharCodeAt } = primordials;

export default {
    ...absentOf("v8"),
    cachedDataVersionTag() { return 0; },
    getHeapStatistics() {
        const used = natives.heapUsed();
        const limit = natives.heapLimit();
        return {
            total_heap_size: limit, total_heap_size_executable: 0, total_physical_size: limit,
            total_available_size: limit - used, used_heap_size: used, heap_size_limit: limit, malloced_memory: used,
            peak_malloced_memory: used, does_zap_garbage: 0, number_of_native_contexts: 1,
            number_of_detached_contexts: 0, total_global_handles_size: 0, used_global_handles_size: 0,
            external_memory: 0,
        };
    },
    getHeapSpaceStatistics() { return []; },
    getHeapCodeStatistics() {
        return {
            code_and_metadata_size: 0, bytecode_and_metadata_size: 0, external_script_source_size: 0,
            cpu_profiler_metadata_size: 0,
        };
    },
    setFlagsFromString(flags) { validateString(flags, "flags"); },
    isStringOneByteRepresentation(content) {
        if (typeof content !== "string") throw invalidArgType("content", "string", content);
        for (let at = 0; at < content.length; at++) if (255 < StringPrototypeCharCodeAt(content, at)) return false;
        return true;
    },
    startupSnapshot: {
        isBuildingSnapshot() { return false; },
    },
};
