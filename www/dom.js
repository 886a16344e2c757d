/**
 * The few DOM helpers of the page. Text goes in as text only; nothing here parses markup.
 *
 * @module
 */

/**
 * The element with this id. Throws when the page has none, or another kind of element.
 *
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${type.name} with the id ${id}`);
  return found;
}

/**
 * The first match inside `root`. Throws when there is none, or another kind of element.
 *
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} type
 * @returns {T}
 */
export function find(root, selector, type) {
  const found = root.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`no ${type.name} matches ${selector}`);
  return found;
}

/**
 * A new element with a class and with children; strings become text.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/**
 * A copy of the only element in a `<template>`.
 *
 * @param {string} templateId
 * @returns {HTMLElement}
 */
export function stamp(templateId) {
  const content = byId(templateId, HTMLTemplateElement).content.firstElementChild?.cloneNode(true);
  if (!(content instanceof HTMLElement)) throw new Error(`the template ${templateId} is empty`);
  return content;
}
