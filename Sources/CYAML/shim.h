// libyaml: what operators write by hand.
#ifndef MAYFLY_CYAML_SHIM_H
#define MAYFLY_CYAML_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

typedef enum __attribute__((enum_extensibility(closed))) {
    MAYFLY_YAML_OTHER,
    MAYFLY_YAML_DOCUMENT_START,
    MAYFLY_YAML_STREAM_END,
    MAYFLY_YAML_ALIAS,
    MAYFLY_YAML_SCALAR,
    MAYFLY_YAML_SEQUENCE_START,
    MAYFLY_YAML_SEQUENCE_END,
    MAYFLY_YAML_MAPPING_START,
    MAYFLY_YAML_MAPPING_END,
} mayfly_yaml_kind;

// One event without its union. `text` points into the event and dies with it.
typedef struct {
    mayfly_yaml_kind kind;
    const unsigned char *text;
    size_t length;
    bool plain;
    bool anchored;
    bool tagged;
    size_t line;    // from 0
    size_t column;  // from 0
} mayfly_yaml_view;

static inline mayfly_yaml_view mayfly_yaml_view_of(const yaml_event_t *event) {
    mayfly_yaml_view view = {0};
    view.line = event->start_mark.line;
    view.column = event->start_mark.column;
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        view.kind = MAYFLY_YAML_DOCUMENT_START;
        break;
    case YAML_STREAM_END_EVENT:
        view.kind = MAYFLY_YAML_STREAM_END;
        break;
    case YAML_ALIAS_EVENT:
        view.kind = MAYFLY_YAML_ALIAS;
        break;
    case YAML_SCALAR_EVENT:
        view.kind = MAYFLY_YAML_SCALAR;
        view.text = event->data.scalar.value;
        view.length = event->data.scalar.length;
        view.plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        view.anchored = event->data.scalar.anchor != NULL;
        view.tagged = event->data.scalar.tag != NULL;
        break;
    case YAML_SEQUENCE_START_EVENT:
        view.kind = MAYFLY_YAML_SEQUENCE_START;
        view.anchored = event->data.sequence_start.anchor != NULL;
        view.tagged = event->data.sequence_start.tag != NULL;
        break;
    case YAML_SEQUENCE_END_EVENT:
        view.kind = MAYFLY_YAML_SEQUENCE_END;
        break;
    case YAML_MAPPING_START_EVENT:
        view.kind = MAYFLY_YAML_MAPPING_START;
        view.anchored = event->data.mapping_start.anchor != NULL;
        view.tagged = event->data.mapping_start.tag != NULL;
        break;
    case YAML_MAPPING_END_EVENT:
        view.kind = MAYFLY_YAML_MAPPING_END;
        break;
    default:
        view.kind = MAYFLY_YAML_OTHER;
        break;
    }
    return view;
}

#endif
